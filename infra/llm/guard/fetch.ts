// Fetches what an address in a message leads to, an image for example: through the guard, redirects one by one, and never more
// bytes or time than the limits say.
import { Agent, request } from "undici";
import { type GuardDeps, guardedConnect, isPlainHttp, UnreachableError } from "./guard.ts";

interface FetchLimits {
  /** Larger bodies are refused. */
  maxBytes: number;
  /** For everything, redirects included. */
  timeoutMs: number;
}

export interface Fetched {
  bytes: Uint8Array;
  /** As the server says; "" when the server says nothing. Judge content by its bytes. */
  mime: string;
}

interface GuardedFetch {
  /** Throws UnreachableError, for whatever reason. No credential and no cookie is sent. */
  get(url: string, signal?: AbortSignal): Promise<Fetched>;
  close(): Promise<void>;
}

const maxRedirects = 3;
const redirects = new Set([301, 302, 303, 307, 308]);

export function createGuardedFetch(deps: GuardDeps, { maxBytes, timeoutMs }: FetchLimits): GuardedFetch {
  const agent = new Agent({ connect: guardedConnect(deps), connections: 8, maxResponseSize: maxBytes });
  return {
    async get(url, signal) {
      const timeout = AbortSignal.timeout(timeoutMs);
      const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
      try {
        return await follow(url, either);
      } catch (error) {
        signal?.throwIfAborted();
        throw error instanceof UnreachableError ? error : new UnreachableError(error);
      }
    },
    close: () => agent.close(),
  };

  async function follow(first: string, signal: AbortSignal): Promise<Fetched> {
    let url = URL.parse(first);
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      if (url === null || !isPlainHttp(url)) throw new UnreachableError("not a plain http address");
      const { statusCode, headers, body } = await request(url, {
        ...{ dispatcher: agent, signal, headersTimeout: timeoutMs, bodyTimeout: timeoutMs },
        headers: { accept: "*/*", "accept-encoding": "identity" },
      });
      if (redirects.has(statusCode)) {
        await body.dump();
        url = URL.parse(String(headers.location ?? ""), url.href);
        continue;
      }
      if (statusCode !== 200) {
        await body.dump();
        throw new UnreachableError(`status ${statusCode}`);
      }
      const [mime = ""] = String(headers["content-type"] ?? "").split(";");
      return { bytes: await body.bytes(), mime: mime.trim().toLowerCase() };
    }
    throw new UnreachableError("too many redirects");
  }
}
