// Whether to come back after a close, and when.
import { type CloseCode, closeCodes } from "../../ws/wire/close-codes.ts";

/** Pauses before the attempts, as CONNECT_ACK.retry advises them; the last one repeats. */
export interface RetryAdvice {
  readonly delaysMs: readonly number[];
  /** 0.5: each pause is spread by half in both directions, so that not everybody comes back at once. */
  readonly jitter: number;
}

export type AfterClose =
  /** The server does not want this device back, and says why. */
  | { readonly kind: "end"; readonly why: string }
  /** A new token first. */
  | { readonly kind: "renew" }
  /** `skips`: pauses that are left out at the start; a full server is not asked again at once. */
  | { readonly kind: "retry"; readonly skips: number };

/** Until CONNECT_ACK has said better. */
export const firstRetry: RetryAdvice = { delaysMs: [100, 500, 1_000, 2_000, 4_000], jitter: 0.5 };

/** Codes of the WebSocket protocol that say that this client is broken: another attempt would end the same way. */
const brokenClient: ReadonlySet<number> = new Set([1002, 1007, 1009]);
const byCode: ReadonlyMap<number, CloseCode> = new Map(Object.values(closeCodes).map((row) => [row.code, row]));

/** A connection that ended without a close frame. */
export const brokenCode = 1006;

/**
 * `code` undefined: this side gave the socket up. `mayBeOwn`: an earlier socket of this client broke not long ago. The server
 * may process that socket's login late, and then takes it for the newer one.
 */
export function decideAfterClose(code: number | undefined, mayBeOwn: boolean): AfterClose {
  if (code === closeCodes.unauthorized.code) return { kind: "renew" };
  if (code === closeCodes.replaced.code && mayBeOwn) return { kind: "retry", skips: 1 };
  const row = code === undefined ? undefined : byCode.get(code);
  if (row?.reconnect === "no") return { kind: "end", why: row.why };
  if (code !== undefined && brokenClient.has(code)) {
    return { kind: "end", why: `The server does not understand this client (close code ${code}).` };
  }
  return { kind: "retry", skips: row?.reconnect === "later" ? 1 : 0 };
}

/** `failures`: attempts since the last CONNECT_ACK. */
export function pauseMs(retry: RetryAdvice, failures: number, random: () => number): number {
  const delayMs = retry.delaysMs[Math.min(failures, retry.delaysMs.length - 1)] ?? 0;
  return delayMs * (1 + retry.jitter * (random() * 2 - 1));
}
