// Requests that are repeated at any gateway, under the same Idempotency-Key, until an answer is certain.
import { randomUUID } from "node:crypto";
import { request } from "../../gateway/client/api/request.ts";
import { ClientError } from "../../gateway/client/base/errors.ts";
import { globalPlatform } from "../../gateway/client/base/platform.ts";

export interface RestPlace {
  /** Ports of the gateways that are likely to answer. */
  ports(): readonly number[];
  random(): number;
}
interface Answer<T = Record<string, unknown>> {
  status: number;
  code: number;
  message: string;
  data: T;
}

const platform = globalPlatform();
const answerTimeoutMs = 12_000;
const patienceMs = 90_000;
const pauseMs = 100;
/** Conflicts between two tries of one command, rate limits, and everything that a server could not answer. */
const passing = (status: number) => status === 409 || status === 429 || status >= 500;

/** The first certain answer; throws when there is none for 90 s. */
export async function persist<T = Record<string, unknown>>(
  place: RestPlace,
  method: string,
  path: string,
  token: string | undefined,
  body?: unknown,
): Promise<Answer<T> & { tries: number }> {
  const key = randomUUID();
  const endMs = performance.now() + patienceMs;
  let last: unknown;
  for (let tries = 1; performance.now() < endMs; tries += 1) {
    const ports = place.ports();
    const port = ports[Math.floor(place.random() * ports.length)];
    try {
      const answer = await ask<T>(port ?? 0, method, path, { token, body, key });
      if (!passing(answer.status)) return { ...answer, tries };
      last = `${answer.status} ${answer.code} ${answer.message}`;
    } catch (error) {
      last = error; // no gateway is there, or it went away: the next try asks another one
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`${method} ${path} was not answered within ${patienceMs} ms: ${last}`);
}

/** As `persist`, and the answer must be a success. */
export async function obtain<T = Record<string, unknown>>(...request: Parameters<typeof persist>): Promise<T> {
  const answer = await persist<T>(...request);
  if (answer.code === 0) return answer.data;
  throw new Error(`${request[1]} ${request[2]}: ${answer.code} ${answer.message}`);
}

/** Once; throws when there is no answer. */
export async function ask<T>(
  port: number,
  method: string,
  path: string,
  { token, body, key }: { token?: string; body?: unknown; key?: string },
): Promise<Answer<T>> {
  const url = `http://127.0.0.1:${port}/api/v1${path}`;
  const options = { token, body, key: method === "GET" ? undefined : key, timeoutMs: answerTimeoutMs };
  try {
    const data = await request<T>(platform, method, url, options);
    return { status: 200, code: 0, message: "", data };
  } catch (error) {
    if (!(error instanceof ClientError) || error.kind !== "refused") throw error;
    const { status, code, message, details } = error;
    return { status, code, message, data: details as T };
  }
}
