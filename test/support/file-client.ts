// The calls of a client that uploads and downloads files.
import { createHash } from "node:crypto";
import type { Envelope, Person } from "./person.ts";

interface FileForm {
  bytes: Uint8Array;
  name?: string;
  mime?: string;
  type?: string;
  fields?: Record<string, string>;
  headers?: Record<string, string>;
  /** The fields come before the file, or behind it. */
  order?: "before" | "after";
}
interface WireFile {
  fileId: string;
  fileName: string;
  url: string;
  thumbnail: string;
  size: number;
  mimeType: string;
  sha256: string;
  status: string;
  [field: string]: unknown;
}

export class FileClient {
  readonly #port: () => number;
  readonly person: Person;

  constructor(at: { readonly port: number }, person: Person) {
    this.#port = () => at.port;
    this.person = person;
  }

  get base(): string {
    return `http://127.0.0.1:${this.#port()}`;
  }

  async uploads(form: FileForm): Promise<Envelope<WireFile>> {
    const { type = "chat_file", fields = {}, order = "after" } = form;
    return this.sendsForm("/files/upload", { type, ...fields }, { ...form, order });
  }

  async sendsForm<T = WireFile>(
    path: string,
    fields: Record<string, string>,
    { bytes, name = "note.txt", mime = "text/plain", headers = {}, order = "before" }: FileForm,
  ): Promise<Envelope<T>> {
    const form = new FormData();
    const file = new File([bytes as Uint8Array<ArrayBuffer>], name, { type: mime });
    if (order === "after") form.append("file", file);
    for (const [field, value] of Object.entries(fields)) form.append(field, value);
    if (order === "before") form.append("file", file);
    const answer = await fetch(`${this.base}/api/v1${path}`, {
      method: "POST",
      body: form,
      headers: { authorization: `Bearer ${this.person.token}`, ...headers },
    });
    return { status: answer.status, ...((await answer.json()) as Omit<Envelope<T>, "status">) };
  }

  /** With this user's token. `url`: absolute, or a path of the server. */
  reads(url: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
    const authorization = `Bearer ${this.person.token}`;
    return fetch(new URL(url, this.base), { method, headers: { authorization, ...headers }, redirect: "manual" });
  }
  async bytesOf(url: string): Promise<Buffer> {
    return Buffer.from(await (await this.reads(url)).arrayBuffer());
  }
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
export function md5Of(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}
