// A client of the image editor's uploads and of files.
import { readdirSync } from "node:fs";
import { join } from "node:path";

export interface Part {
  field: string;
  bytes: Uint8Array;
  name?: string;
  type?: string;
}
interface Answered {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever came back
  body: any;
}

export class ImageClient {
  readonly #port: () => number;
  readonly token: string;

  constructor(at: { readonly port: number }, token: string) {
    this.#port = () => at.port;
    this.token = token;
  }

  uploads(
    files: Part[],
    fields: Record<string, string>,
    { path = "upload", headers = {} }: { path?: "upload" | "upload/batch"; headers?: Record<string, string> } = {},
  ): Promise<Answered> {
    const form = new FormData();
    for (const { field, bytes, name = "photo.jpg", type = "image/jpeg" } of files) {
      form.append(field, new Blob([bytes as Uint8Array<ArrayBuffer>], { type }), name);
    }
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    return this.#asks("POST", `/api/images/${path}`, { headers, body: form });
  }

  gets(path: string): Promise<Answered> {
    return this.#asks("GET", `/api/images/${path}`);
  }

  sends(path: string, body: RequestInit["body"], headers: Record<string, string>): Promise<Answered> {
    return this.#asks("POST", `/api/images/${path}`, { body, headers });
  }

  /** The bytes of a file, with this login. */
  async reads(path: string, headers: Record<string, string> = {}): Promise<Response> {
    const authorization = `Bearer ${this.token}`;
    return fetch(`http://127.0.0.1:${this.#port()}${path}`, { headers: { authorization, ...headers } });
  }

  async #asks(
    method: string,
    path: string,
    { body, headers = {} }: { body?: RequestInit["body"]; headers?: Record<string, string> } = {},
  ): Promise<Answered> {
    const response = await fetch(`http://127.0.0.1:${this.#port()}${path}`, {
      ...{ method, body, duplex: "half" },
      headers: { authorization: `Bearer ${this.token}`, ...headers },
    } as RequestInit);
    return { status: response.status, headers: response.headers, body: await response.json() };
  }
}

/** Objects, and what interrupted puts left, of a node with a folder. */
export function storedObjects(dataDir: string): string[] {
  return readdirSync(join(dataDir, "objects"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}
