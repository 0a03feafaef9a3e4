// Bytes of the server that need a token, as addresses of memory: an element cannot send a token.
import { ClientError } from "../../../client/base/errors.ts";
import type { Client } from "../../../client/client.ts";
import { withToken } from "./upload-file.ts";

/** Addresses kept; of more the one that was asked for longest ago is given up. */
const maxKept = 200;

export class Pictures {
  readonly #client: Client;
  readonly #kept = new Map<string, Promise<string>>();
  /** File → what this browser has sent itself. */
  readonly #own = new Map<string, string>();

  constructor(client: Client) {
    this.#client = client;
  }

  /** An own file is shown from memory. */
  keep(fileId: string, address: string): void {
    this.#own.set(fileId, address);
  }

  ownOf(fileId: string | undefined): string | undefined {
    return this.#own.get(fileId ?? "");
  }

  /** `path` is one of this server; every other is refused. */
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
