// Uploads and links of files. The bytes of one are at its `url`, with the token, or at a link, without.
import { ClientError, isRefusedForGood } from "../base/errors.ts";
import { FileForm, type PlatformBlob } from "../base/platform.ts";
import type { Calls } from "./calls.ts";
import type { UploadedFile } from "./objects.ts";
import { queryOf } from "./request.ts";

export type FileType = "avatar" | "group_avatar" | "chat_image" | "chat_video" | "chat_voice" | "chat_file" | "temp";

export interface NewFile {
  readonly name: string;
  readonly type: FileType;
  readonly bytes: PlatformBlob;
}
interface Begun {
  readonly uploadId: string;
  readonly chunkSize: number;
  readonly totalChunks: number;
}

export interface PartsOptions {
  /** Goes on with an upload that was interrupted. */
  readonly uploadId?: string;
  begun?(uploadId: string): void;
  progress?(sentBytes: number): void;
}

export function fileCalls(calls: Calls) {
  const { get, post, remove } = calls;
  return {
    get: (fileId: string) => get<UploadedFile>(`/files/${fileId}`),
    list: (page: { fileType?: string; page?: number; pageSize?: number } = {}) =>
      get<{ files: UploadedFile[]; total: number }>(`/files${queryOf(page)}`),
    usage: () => get<{ usedBytes: number; quotaBytes: number; fileCount: number }>("/files/usage"),
    remove: (fileId: string) => remove(`/files/${fileId}`),
    /** Works without a token until it ends. */
    link: (fileId: string, expiresSeconds?: number) =>
      get<{ url: string; expiresAt: number }>(`/files/${fileId}/url${queryOf({ expiresSeconds })}`),
    /** In one request. */
    upload: ({ name, type, bytes }: NewFile) =>
      post<UploadedFile>("/files/upload", new FileForm({ type }, bytes, name)),
    /** In parts: what is interrupted goes on under the same `uploadId`. */
    uploadInParts: (file: NewFile, options: PartsOptions = {}) => uploadInParts(calls, file, options),
    giveUp: (uploadId: string) => remove(`/files/uploads/${uploadId}`),
  };
}

async function uploadInParts({ get, post }: Calls, file: NewFile, options: PartsOptions): Promise<UploadedFile> {
  const { name, type, bytes } = file;
  const known = options.uploadId === undefined ? undefined : await knownParts(get, options.uploadId);
  const facts = { fileName: name, fileSize: bytes.size, mimeType: bytes.type, type };
  const begun = known ?? { ...(await post<Begun>("/files/upload/init", facts)), uploadedChunks: [] };
  const { uploadId, chunkSize, totalChunks } = begun;
  options.begun?.(uploadId);
  const there = new Set(begun.uploadedChunks);
  for (let index = 0; index < totalChunks; index += 1) {
    if (there.has(index)) continue;
    const part = bytes.slice(index * chunkSize, (index + 1) * chunkSize);
    await post("/files/upload/part", new FileForm({ uploadId, chunkIndex: String(index) }, part, name));
    options.progress?.(Math.min(bytes.size, (index + 1) * chunkSize));
  }
  return post<UploadedFile>("/files/upload/complete", { uploadId });
}

/** Undefined when the upload has ended meanwhile: another one begins. */
async function knownParts(get: Calls["get"], uploadId: string) {
  try {
    return await get<Begun & { uploadedChunks: number[] }>(`/files/uploads/${uploadId}`);
  } catch (error) {
    if (error instanceof ClientError && isRefusedForGood(error)) return undefined;
    throw error;
  }
}
