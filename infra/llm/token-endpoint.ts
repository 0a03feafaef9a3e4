// The token endpoint of the pool's accounts: OAuth 2, grant_type=refresh_token, as a form.

import type { Refreshed, TokenEndpoint } from "../../actors/credentials/token-endpoint.ts";
import { expiryOf } from "../../actors/pool/claims.ts";
import { readAtMost } from "../system/read-at-most.ts";

interface TokenEndpointOptions {
  /** Undefined: nothing can be refreshed. */
  url?: string;
  clientId?: string;
  /** Default 20 s; less than the leave to refresh holds. */
  timeoutMs?: number;
}

/** A hundred years: a longer life is no number of seconds. */
const maxSeconds = 3_200_000_000;
const maxAnswerBytes = 256 * 1_024;
/** Refusals that are no fault of the refresh token: another try may succeed, once the cause is mended. */
const temporary = new Set([
  ...["invalid_client", "unauthorized_client", "invalid_request", "invalid_scope", "unsupported_grant_type"],
  ...["temporarily_unavailable", "server_error", "slow_down"],
]);

export function createTokenEndpoint({ url, clientId, timeoutMs = 20_000 }: TokenEndpointOptions): TokenEndpoint {
  return {
    async refresh(refreshToken) {
      if (url === undefined) return { kind: "unreachable", reason: "POOL_TOKEN_URL is not set." };
      const body = new URLSearchParams({ grant_type: "refresh_token", refresh_token: refreshToken });
      if (clientId !== undefined) body.set("client_id", clientId);
      try {
        const signal = AbortSignal.timeout(timeoutMs);
        const headers = { accept: "application/json" };
        const answer = await fetch(url, { method: "POST", body, headers, redirect: "manual", signal });
        const bytes = await readAtMost(answer.body ?? [], maxAnswerBytes, () => new Error("the answer is too large"));
        return read(answer.status, parse(new TextDecoder().decode(bytes)), Date.now());
      } catch (error) {
        const isLate = error instanceof Error && error.name === "TimeoutError";
        const reason = isLate ? "The token endpoint did not answer in time." : "The token endpoint is not reached.";
        return { kind: "unreachable", reason };
      }
    },
  };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function read(status: number, answer: Readonly<Record<string, unknown>>, nowMs: number): Refreshed {
  if (status !== 200) return failure(status, codeOf(answer));
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn } = answer;
  if (typeof accessToken !== "string" || accessToken === "") {
    return { kind: "unreachable", reason: "The token endpoint answered without an access token." };
  }
  const seconds = typeof expiresIn === "number" || typeof expiresIn === "string" ? Number(expiresIn) : Number.NaN;
  const expiresAtMs =
    expiryOf(accessToken) ?? (seconds > 0 && seconds < maxSeconds ? nowMs + Math.floor(seconds * 1_000) : undefined);
  return {
    kind: "renewed",
    accessToken,
    ...(typeof refreshToken === "string" && refreshToken !== "" && { refreshToken }),
    ...(expiresAtMs !== undefined && { expiresAtMs }),
  };
}

/** Without a code of OAuth, a refusal may come from a proxy in between. */
function failure(status: number, code: string | undefined): Refreshed {
  if (code === undefined) return { kind: "unreachable", reason: `The token endpoint answered ${status}.` };
  const isFinal = status >= 400 && status < 500 && status !== 429 && !temporary.has(code);
  return { kind: isFinal ? "refused" : "unreachable", reason: code };
}

/** `{"error": "invalid_grant"}`, or `{"error": {"code": "refresh_token_reused"}}`. Any other text may hold a secret. */
function codeOf({ error }: Readonly<Record<string, unknown>>): string | undefined {
  const code = typeof error === "object" && error !== null ? (error as Record<string, unknown>).code : error;
  return typeof code === "string" && /^[a-z0-9_]{1,64}$/.test(code) ? code : undefined;
}
