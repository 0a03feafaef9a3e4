// Requests to the routes under /admin. The cookie of the login goes with each of them; no script can read it.

/** `status` 0: there was no answer. */
export class ApiError extends Error {
  readonly status: number;
  /** Of the table of errors; "" when there is none. */
  readonly code: string;
  readonly retryAfterSeconds: number;
  readonly requestId: string;
  constructor(status: number, { code = "", message = "", retryAfterSeconds = 0, requestId = "" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
    this.requestId = requestId;
  }
}

export const codes = {
  wrongPassword: "010103",
  tokenInvalid: "010104",
  tokenExpired: "010105",
  conflict: "000008",
} as const;

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

let onLoginEnded = () => {};

/** Called when the server says that the login has ended. */
export function watchLogin(handler: () => void): void {
  onLoginEnded = handler;
}

/** Throws ApiError. */
export async function ask<Answer>(method: Method, path: string, body?: unknown): Promise<Answer> {
  const response = await send(method, path, body);
  const answer = (await response.json().catch(() => undefined)) as Answer & { error?: unknown; code?: unknown };
  if (response.ok && answer !== undefined) return answer;
  const { error, code } = readFailure(answer);
  if (response.status === 401 && (code === codes.tokenInvalid || code === codes.tokenExpired)) onLoginEnded();
  throw new ApiError(response.status, {
    code,
    message: error,
    retryAfterSeconds: Number(response.headers.get("retry-after") ?? 0),
    requestId: response.headers.get("x-request-id") ?? "",
  });
}

async function send(method: Method, path: string, body: unknown): Promise<Response> {
  const isForm = body instanceof FormData;
  try {
    return await fetch(path, {
      method,
      credentials: "same-origin",
      headers: {
        accept: "application/json",
        ...(body !== undefined && !isForm && { "content-type": "application/json" }),
      },
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
    });
  } catch {
    throw new ApiError(0);
  }
}

/** The administration answers {error, code}; NextChat's settings answer {error: {code, message}}. */
function readFailure(answer: { error?: unknown; code?: unknown } | undefined): { error: string; code: string } {
  const { error, code } = answer ?? {};
  if (typeof error === "object" && error !== null) {
    const { message, code } = error as Record<string, unknown>;
    return { error: String(message ?? ""), code: String(code ?? "") };
  }
  return { error: typeof error === "string" ? error : "", code: typeof code === "string" ? code : "" };
}
