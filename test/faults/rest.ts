// REST requests that are repeated at any gateway with the same Idempotency-Key until they get a final answer.
import { randomUUID } from "node:crypto";
import { request } from "../../gateway/client/api/request.ts";
import { ClientError } from "../../gateway/client/base/errors.ts";
import { globalPlatform } from "../../gateway/client/base/platform.ts";

export interface RestPlace {
  /** The ports of the gateways that are expected to answer. */
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
/** Statuses after which the request is repeated: conflicts between two attempts, rate limits, and failures of the server. */
const passing = (status: number) => status === 409 || status === 429 || status >= 500;

/** Resolves with the first final answer. Throws when there is none within 90 s. */
export async function requestUntilAnswered<T = Record<string, unknown>>(
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
      const answer = await requestOnce<T>(port ?? 0, method, path, { token, body, key });
      if (!passing(answer.status)) return { ...answer, tries };
      last = `${answer.status} ${answer.code} ${answer.message}`;
    } catch (error) {
      last = error; // no gateway answers at this port: the next attempt may use another one
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  throw new Error(`${method} ${path} was not answered within ${patienceMs} ms: ${last}`);
}

/** As `requestUntilAnswered`, and the answer must be a success. */
export async function requestData<T = Record<string, unknown>>(
  ...request: Parameters<typeof requestUntilAnswered>
): Promise<T> {
  const answer = await requestUntilAnswered<T>(...request);
  if (answer.code === 0) return answer.data;
  throw new Error(`${request[1]} ${request[2]}: ${answer.code} ${answer.message}`);
}

/** Sends one request. Throws when there is no answer. */
export async function requestOnce<T>(
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
