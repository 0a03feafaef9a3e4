// Files on their way into a conversation. A file that is there is sent as a message; one that could not be sent waits for the
// connection, or for its user.
import { ClientError } from "../../../client/base/errors.ts";
import type { OutgoingMessage } from "../../../client/base/wire.ts";
import type { Client } from "../../../client/client.ts";
import { Source } from "../base/source.ts";
import type { Pictures } from "./pictures.ts";
import { uploadFile } from "./upload-file.ts";

type FileKind = "image" | "video" | "voice" | "file";

export interface Upload {
  readonly id: string;
  readonly sessionId: string;
  readonly file: File;
  readonly kind: FileKind;
  readonly atMs: number;
  /** Of a picture. */
  readonly width?: number;
  readonly height?: number;
  /** Of a voice message, in seconds. */
  readonly duration?: number;
  /** A picture as this browser shows it. */
  readonly preview?: string;
  readonly progress: number;
  /** Why the upload failed. An upload without an error is on its way. */
  readonly error?: ClientError;
}

interface UploadsDeps {
  readonly client: Client;
  readonly pictures: Pictures;
  send(message: OutgoingMessage): void;
}

const typeOfKind = { image: "chat_image", video: "chat_video", voice: "chat_voice", file: "chat_file" } as const;
/** Pictures that every browser shows; others are sent as files. */
const pictures = ["image/jpeg", "image/png", "image/gif", "image/webp"];

export class Uploads extends Source {
  readonly #deps: UploadsDeps;
  readonly #held = new Map<string, Upload>();
  readonly #running = new Map<string, AbortController>();
  /** One after the other: files arrive in the order in which they were chosen. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(deps: UploadsDeps) {
    super();
    this.#deps = deps;
  }

  of(sessionId: string): Upload[] {
    return [...this.#held.values()].filter((upload) => upload.sessionId === sessionId);
  }

  async add(sessionId: string, file: File, voice?: { duration: number }): Promise<void> {
    const kind = voice ? "voice" : kindOf(file);
    const seen = kind === "image" ? await measure(file) : {};
    const id = crypto.getRandomValues(new Uint32Array(4)).join("-");
    this.#set({ id, sessionId, file, kind, atMs: Date.now(), progress: 0, ...seen, ...voice });
    this.#start(id);
  }

  /** The connection is back: what could not be sent is sent. */
  resume(): void {
    for (const { id, error } of this.#held.values()) if (error?.kind === "unreachable") this.retry(id);
  }

  retry(id: string): void {
    const held = this.#held.get(id);
    if (!held || this.#running.has(id)) return;
    this.#set({ ...held, error: undefined, progress: 0 });
    this.#start(id);
  }

  discard(id: string): void {
    this.#running.get(id)?.abort();
    this.#held.delete(id);
    this.changed();
  }

  #start(id: string): void {
    const abort = new AbortController();
    this.#running.set(id, abort);
    this.#last = this.#last.then(() => this.#run(id, abort.signal)).finally(() => this.#running.delete(id));
  }

  async #run(id: string, signal: AbortSignal): Promise<void> {
    const upload = this.#held.get(id);
    if (!upload || signal.aborted) return;
    const { file, kind, sessionId, preview, width, height, duration } = upload;
    const { client, pictures: shown, send } = this.#deps;
    const progress = (share: number) => this.#change(id, { progress: share });
    try {
      const { fileId } = await uploadFile(client, { file, type: typeOfKind[kind], key: id, signal, progress });
      if (preview) shown.keep(fileId, preview);
      const facts = { fileName: file.name, fileSize: file.size, width, height, duration };
      this.#held.delete(id);
      send({ sessionId, contentType: kind, content: { fileId, ...facts } });
      this.changed();
    } catch (thrown) {
      const error = thrown instanceof ClientError ? thrown : new ClientError("malformed", String(thrown));
      this.#change(id, { error });
    }
  }

  #set(upload: Upload): void {
    this.#held.set(upload.id, upload);
    this.changed();
  }

  #change(id: string, change: Partial<Upload>): void {
    const held = this.#held.get(id);
    if (held) this.#set({ ...held, ...change });
  }
}

function kindOf({ type }: File): FileKind {
  if (pictures.includes(type)) return "image";
  return type.startsWith("video/") ? "video" : "file";
}

/** A picture's size, so that its place is as large as the picture from the start. */
async function measure(file: File): Promise<{ preview?: string; width?: number; height?: number }> {
  const preview = URL.createObjectURL(file);
  const image = new Image();
  image.src = preview;
  try {
    await image.decode();
    return { preview, width: image.naturalWidth, height: image.naturalHeight };
  } catch {
    URL.revokeObjectURL(preview);
    return {};
  }
}
