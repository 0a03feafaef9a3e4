// One REST request: envelope out of the answer, every failure as a ClientError.
import { ClientError } from "../base/errors.ts";
import { FileForm, type Platform } from "../base/platform.ts";

interface RequestOptions {
  readonly token?: string;
  readonly body?: unknown;
  /** A repeated request under the same key is done once. */
  readonly key?: string;
  readonly timeoutMs: number;
}

interface Envelope {
  readonly code: number;
  readonly codeStr?: string;
  readonly message: string;
  readonly data: unknown;
  readonly trace_id?: string;
}

export async function request<T>(
  platform: Pick<Platform, "request">,
  method: string,
  url: string,
  { token, body, key, timeoutMs }: RequestOptions,
): Promise<T> {
  const headers: Record<string, string> = {};
  if (token !== undefined) headers.authorization = `Bearer ${token}`;
  if (key !== undefined) headers["idempotency-key"] = key;
  const isForm = body instanceof FileForm;
  // The platform writes the type of a form, which names its boundary.
  if (body !== undefined && !isForm) headers["content-type"] = "application/json";
  const sent = body === undefined || isForm ? body : JSON.stringify(body);
  const answer = await platform.request(url, { method, headers, body: sent, timeoutMs }).catch((cause: unknown) => {
    throw new ClientError("unreachable", `No answer from ${originOf(url)}.`, { cause });
  });
  const { code, codeStr, message, data, trace_id: traceId } = parseEnvelope(answer.text, url);
  if (code === 0) return data as T;
  throw new ClientError("refused", message, { code, codeStr, status: answer.status, traceId, details: data });
}

function parseEnvelope(text: string, url: string): Envelope {
  try {
    const envelope: unknown = JSON.parse(text);
    if (typeof envelope === "object" && envelope !== null && "code" in envelope) return envelope as Envelope;
  } catch {
    // what is no JSON is no envelope, as below
  }
  throw new ClientError("malformed", `${originOf(url)} is not a Parley server: it answered ${text.slice(0, 80)}`);
}

function originOf(url: string): string {
  return /^\w+:\/\/[^/]+/.exec(url)?.[0] ?? url;
}

/** `?a=1&b=2` of what is given. */
export function queryOf(fields: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const given = Object.entries(fields).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return given.length === 0 ? "" : `?${given.join("&")}`;
}
