// Files of the server as addresses of memory: an element that shows a file cannot send the token that the file needs.
import { ClientError } from "../../../client/base/errors.ts";
import type { Client } from "../../../client/client.ts";
import { withToken } from "./upload-file.ts";

/** Addresses kept; of one more the address that was asked for longest ago is revoked. */
const maxKept = 200;

export class Pictures {
  readonly #client: Client;
  readonly #kept = new Map<string, Promise<string>>();
  /** File → the address of the bytes in memory, for files that this browser has sent. */
  readonly #own = new Map<string, string>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** Keeps the address of a file that this browser has sent. */
  keep(fileId: string, address: string): void {
    this.#own.set(fileId, address);
  }

  ownOf(fileId: string | undefined): string | undefined {
    return this.#own.get(fileId ?? "");
  }

  /** `path` is a path of this server's files; every other path is refused. */
  load(path: string): Promise<string> {
    const known = this.#kept.get(path);
    const loading = known ?? this.#fetch(path);
    this.#kept.delete(path);
    this.#kept.set(path, loading);
    loading.catch(() => this.#kept.delete(path));
    if (this.#kept.size > maxKept) this.#drop(this.#kept.keys().next().value!);
    return loading;
  }

  #fetch(path: string): Promise<string> {
    if (!path.startsWith("/api/v1/files/"))
      return Promise.reject(new ClientError("malformed", "No file of this server."));
    return withToken(this.#client, async (token) => {
      const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } }).catch((cause: unknown) => {
        throw new ClientError("unreachable", "No answer.", { cause });
      });
      if (!answer.ok) throw new ClientError("refused", answer.statusText, { status: answer.status, code: 1 });
      return URL.createObjectURL(await answer.blob());
    });
  }

  #drop(path: string): void {
    const address = this.#kept.get(path);
    this.#kept.delete(path);
    address?.then(URL.revokeObjectURL, () => {});
  }
}
