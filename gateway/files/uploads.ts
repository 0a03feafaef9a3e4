// Takes files from a request: the bytes go into the store while they come, and the upload process makes the files from them.
// The request waits for its end, so that the answer shows what became of each.
import { createHash } from "node:crypto";
import { File, type FileView } from "../../actors/file/contract.ts";
import { maxImageBytes } from "../../actors/file/images.ts";
import { objectNamesOf } from "../../actors/file/names.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import type { ConversationId, UserId } from "../../actors/shared/ids.ts";
import type { FilePart } from "../kit/multipart.ts";
import { withStore } from "../kit/with-store.ts";
import type { GatewayDeps } from "../ports.ts";
import { waitUntilMade } from "./made.ts";

type UploadEdge = Pick<GatewayDeps, "actors" | "clock" | "random" | "log" | "objects">;

/** The files of one request. */
export class Uploads {
  readonly #edge: UploadEdge;
  readonly #ownerId: UserId;
  /** A retry under this key makes no second file. */
  readonly #key: string | undefined;
  /** Actors are called after the body has come, so the request's own deadline may be over. */
  readonly #call: CallOptions;
  readonly #fileIds: string[] = [];
  /** Bytes that are on their way into the store. */
  readonly #storing = new Set<Promise<void>>();
  #isDropped = false;

  constructor(edge: UploadEdge, ownerId: UserId, { key, traceId }: { key?: string; traceId?: string }) {
    this.#edge = edge;
    this.#ownerId = ownerId;
    this.#key = key;
    this.#call = { traceId };
  }

  get count(): number {
    return this.#fileIds.length;
  }

  /** Throws file.too_large, gateway.malformed (the client left), common.unavailable (the store). */
  async store(part: Pick<FilePart, "name" | "bytes">): Promise<void> {
    if (this.#isDropped) throw new DomainError("gateway.malformed");
    const storing = this.#store(part);
    this.#storing.add(storing);
    await storing.finally(() => this.#storing.delete(storing));
  }

  async #store({ name, bytes }: Pick<FilePart, "name" | "bytes">): Promise<void> {
    const fileId = this.#nextId();
    this.#fileIds.push(fileId);
    const begun = await this.#file(fileId).begin(
      { ownerId: this.#ownerId, purpose: "uploaded", name: plainName(name) },
      this.#call,
    );
    if (begun.state !== "uploading") return; // a retry: the bytes are there
    const facts = { mime: "application/octet-stream", maxBytes: maxImageBytes };
    await withStore(this.#edge, (objects) => objects.put(objectNamesOf(fileId).raw, bytes, facts));
  }

  /** Makes the files, all or none: throws the refusal of the first one that was refused, and common.timeout. */
  async make(facts: { conversationId: ConversationId; purpose: string }): Promise<FileView[]> {
    for (const fileId of this.#fileIds) await this.#file(fileId).stored(facts, this.#call);
    return Promise.all(this.#fileIds.map((fileId) => this.#made(fileId)));
  }

  /** After a failure. What is under a key stays for the retry; without a retry it expires. */
  async drop(): Promise<void> {
    this.#isDropped = true;
    // What still enters the store would stay there after its file was removed.
    await Promise.allSettled(this.#storing);
    if (this.#key !== undefined) return;
    const drops = this.#fileIds.map((fileId) => this.#file(fileId).remove({ userId: this.#ownerId }, this.#call));
    await Promise.allSettled(drops); // what could not be removed expires
  }

  async #made(fileId: string): Promise<FileView> {
    const view = await waitUntilMade(this.#edge, fileId, this.#call);
    if (view.state === "available") return view;
    throw new DomainError("common.timeout");
  }

  #file(fileId: string) {
    return this.#edge.actors.get(File, fileId);
  }

  #nextId(): string {
    if (this.#key === undefined) return this.#edge.random.hex(128);
    const text = `${this.#ownerId}\n${this.#key}\n${this.#fileIds.length}`;
    return createHash("sha256").update(text).digest("hex").slice(0, 32);
  }
}

/** The last part of what may be a path, without characters that control. */
function plainName(name: string): string {
  const last = name.split(/[/\\]/).at(-1) ?? "";
  return last.replace(/\p{Cc}/gu, "") || "file";
}
