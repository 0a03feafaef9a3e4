// What follows from the facts of an account: whether it serves, and what people are shown.
import { type Cooling, type Credential, wholeAccount } from "./contract.ts";

type CredentialStatus = "active" | "cooling" | "expired" | "refresh_failed" | "disabled";

type Availability =
  | { kind: "serves" }
  /** Its cooling has ended: the next request probes it. */
  | { kind: "probe" }
  | { kind: "waits"; untilMs: number }
  /** Only an administrator, or an import, brings it back. */
  | { kind: "out" };

/** A probe usually ends sooner than its time is up. */
const probeWaitMs = 1_000;

export function availabilityOf(credential: Credential, capability: string, nowMs: number): Availability {
  const { isActive, refreshFailure, hasRefreshToken } = credential;
  if (!isActive) return { kind: "out" };
  if (refreshFailure && refreshFailure.retryAtMs === undefined) return { kind: "out" };
  if (isExpired(credential, nowMs)) {
    if (!hasRefreshToken) return { kind: "out" };
    const retryAtMs = refreshFailure?.retryAtMs ?? 0;
    if (retryAtMs > nowMs) return { kind: "waits", untilMs: retryAtMs };
  }
  const coolings = coolingsOf(credential.cooling, capability);
  if (coolings.length === 0) return { kind: "serves" };
  const untilMs = Math.max(...coolings.map((each) => each.untilMs));
  if (untilMs > nowMs) return { kind: "waits", untilMs };
  const isProbed = coolings.some(({ probeUntilMs = 0 }) => probeUntilMs > nowMs);
  return isProbed ? { kind: "waits", untilMs: nowMs + probeWaitMs } : { kind: "probe" };
}

/** The coolings that keep an account from serving a capability. */
export function coolingsOf(cooling: Credential["cooling"], capability: string): Cooling[] {
  return [cooling[wholeAccount], cooling[capability]].filter((each) => each !== undefined);
}

export function isExpired({ expiresAtMs }: Pick<Credential, "expiresAtMs">, nowMs: number): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= nowMs;
}

export function statusOf(credential: Credential, nowMs: number): { status: CredentialStatus; reason?: string } {
  const { isActive, refreshFailure, cooling } = credential;
  if (!isActive) return { status: "disabled" };
  const expired = isExpired(credential, nowMs);
  if (refreshFailure && (expired || refreshFailure.retryAtMs === undefined)) {
    return { status: "refresh_failed", reason: refreshFailure.reason };
  }
  if (expired) {
    const reason = credential.hasRefreshToken ? "It is refreshed when it is used." : "It has no refresh token.";
    return { status: "expired", reason };
  }
  const whole = cooling[wholeAccount];
  if (whole) return { status: "cooling", reason: sentences[whole.seen] };
  const refused = Object.keys(cooling);
  return refused.length === 0 ? { status: "active" } : { status: "active", reason: `Refused: ${refused.join(", ")}.` };
}

const sentences: Readonly<Record<Cooling["seen"], string>> = {
  rate_limited: "The upstream limits its requests.",
  unauthorized: "The upstream refuses its token.",
  forbidden: "The upstream refuses it.",
  server_error: "The upstream answers with errors.",
  unreachable: "The upstream is not reached.",
};
