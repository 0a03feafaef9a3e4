// The limits on what a user may upload: of one file, and of all of them.
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { FileType } from "../../actors/shared/file-type.ts";
import type { UserId } from "../../actors/shared/ids.ts";
import { Storage } from "../../actors/storage/contract.ts";
import { defaultFileSettings, type FileSettings } from "../file-settings.ts";
import type { GatewayDeps } from "../ports.ts";

type Edge = Pick<GatewayDeps, "actors" | "files">;

export function settingsOf({ files }: Pick<Edge, "files">): FileSettings {
  return files ?? defaultFileSettings;
}

/** The most bytes that a file of this type may have; without a type, a file of any type. */
export function maxBytesOf(edge: Pick<Edge, "files">, type: FileType | undefined): number {
  const { maxBytes } = settingsOf(edge);
  return type === undefined ? Math.max(...Object.values(maxBytes)) : maxBytes[type];
}

/** Throws file.too_large. */
export function checkSize(edge: Pick<Edge, "files">, type: FileType | undefined, bytes: number): void {
  const maxBytes = maxBytesOf(edge, type);
  if (bytes > maxBytes) throw new DomainError("file.too_large", { details: { maxBytes } });
}

export async function roomOf(edge: Edge, userId: UserId, call: CallOptions): Promise<number> {
  const { usedBytes } = await edge.actors.get(Storage, userId).usage({}, call);
  return settingsOf(edge).maxUserBytes - usedBytes;
}

/** Counts the file in its owner's storage. Throws file.storage_full. */
export async function takeRoom(
  edge: Edge,
  userId: UserId,
  file: { fileId: string; type: FileType; bytes: number },
  call: CallOptions,
): Promise<void> {
  await edge.actors.get(Storage, userId).hold({ ...file, maxBytes: settingsOf(edge).maxUserBytes }, call);
}

/** Stops bytes that are more than a file of the type may have, or than the user has room for. */
export async function* within(
  bytes: AsyncIterable<Uint8Array>,
  { maxBytes, room }: { maxBytes: number; room: number },
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > maxBytes) throw new DomainError("file.too_large", { details: { maxBytes } });
    if (size > room) throw new DomainError("file.storage_full");
    yield chunk;
  }
}
