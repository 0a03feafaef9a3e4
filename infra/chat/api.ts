// The REST side of the client: logs in (or registers) by itself, and again when the token is no longer taken.
import { randomUUID } from "node:crypto";

export interface Account {
  /** What others call this user. */
  name: string;
  email: string;
  password: string;
  /** For a first login: the code that registers. */
  verifyCode: string;
  deviceId: string;
}
export interface Api {
  /** Throws ApiError when the server refuses, Unreachable when there is none. */
  login(): Promise<{ userId: string; isNew: boolean }>;
  token(): string;
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
}

export class ApiError extends Error {
  override name = "ApiError";
  readonly status: number;
  readonly code: number;
  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}
export class Unreachable extends Error {
  override name = "Unreachable";
}

const answerTimeoutMs = 15_000;
const userNotFound = 10_102;

export function createApi(baseUrl: string, account: Account): Api {
  let token = "";
  const { name, email, password, verifyCode, deviceId } = account;
  const device = { deviceType: "PC", deviceId };

  return {
    token: () => token,

    async login() {
      try {
        const { userId, accessToken } = await request<Tokens>("POST", "/auth/login", {
          account: email,
          password,
          ...device,
        });
        token = accessToken;
        return { userId, isNew: false };
      } catch (error) {
        if (!(error instanceof ApiError) || error.code !== userNotFound) throw error;
      }
      const body = { email, password, verifyCode, nickname: name, ...device };
      const { userId, accessToken } = await request<Tokens>("POST", "/auth/register", body);
      token = accessToken;
      return { userId, isNew: true };
    },

    async call<T>(method: string, path: string, body?: unknown): Promise<T> {
      try {
        return await request<T>(method, path, body);
      } catch (error) {
        if (!(error instanceof ApiError) || error.status !== 401) throw error;
        await this.login();
        return request<T>(method, path, body);
      }
    },
  };

  async function request<T>(method: string, path: string, body?: unknown): Promise<T> {
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {};
    if (method !== "GET") headers["idempotency-key"] = randomUUID();
    if (body !== undefined) headers["content-type"] = "application/json";
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${baseUrl}/api/v1${path}`, {
        method,
        headers,
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      throw new Unreachable(`No answer from ${baseUrl}.`, { cause });
    }
    const { code, message, data } = parseEnvelope(text, baseUrl);
    if (code !== 0) throw new ApiError(status, code, message);
    return data as T;
  }
}

interface Tokens {
  userId: string;
  accessToken: string;
}

function parseEnvelope(text: string, baseUrl: string): { code: number; message: string; data: unknown } {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new Error(`${baseUrl} is not a Parley server: it answered ${text.slice(0, 80)}`, { cause });
  }
}
