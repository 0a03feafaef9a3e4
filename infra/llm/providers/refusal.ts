// Errors of the AI SDK: an answer of the upstream that is an error becomes a ProviderRefusal, everything else stays an error of
// the connection or of the protocol.
import { ProviderRefusal } from "../../../actors/llm/contract.ts";
import { withoutSecret } from "../../../actors/llm/failure.ts";

/** The fields of an APICallError, and of an error inside a stream. */
interface SdkError {
  message?: unknown;
  statusCode?: unknown;
  responseHeaders?: unknown;
  data?: unknown;
  type?: unknown;
  cause?: unknown;
}

export function errorOf(error: unknown, key: string): Error {
  if (error instanceof ProviderRefusal) return error;
  const { message, statusCode, responseHeaders, data, type, cause } = (error ?? {}) as SdkError;
  const text = withoutSecret(typeof message === "string" ? message : "The provider answered with an error.", key);
  if (typeof statusCode === "number" && statusCode >= 400) {
    const code = nameIn(data) ?? (typeof type === "string" ? type : "");
    return new ProviderRefusal(statusCode, text, { code, headers: headersOf(responseHeaders) });
  }
  // An error inside a stream without a status: its name tells what it is.
  if (typeof type === "string" && !(error instanceof Error)) return new ProviderRefusal(200, text, { code: type });
  if (cause instanceof Error) return errorOf(cause, key);
  return new Error(text, { cause: error });
}

/** Anthropic: `error.type`; Google: `error.status`. */
function nameIn(data: unknown): string | undefined {
  const { error } = (data ?? {}) as { error?: { type?: unknown; status?: unknown } };
  const name = error?.type ?? error?.status;
  return typeof name === "string" ? name : undefined;
}

function headersOf(headers: unknown): Record<string, string> {
  const entries = Object.entries((headers ?? {}) as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, value]) => [name.toLowerCase(), String(value)]));
}
