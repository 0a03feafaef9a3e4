import type { Clock, Control } from "../../actors/runtime/ports.ts";
import type { Revocations } from "../../gateway/ports.ts";

interface RevocationOptions {
  readonly control: Control;
  readonly clock: Pick<Clock, "nowMs">;
  /** At least as long as an access token lives: after that time no token of the login is valid anyway. */
  readonly keptMs: number;
}

const subjectPrefix = "revoked.";

/** Revoked logins, which every gateway refuses (G8). They are entries of CONTROL, so all gateways see them in one order. */
export function createRevocations({ control, clock, keptMs }: RevocationOptions): Revocations & {
  close(): void;
} {
  /** Login id → when the login was revoked; oldest first. */
  const revoked = new Map<string, number>();
  const handlers: ((loginId: string, reason: string) => void)[] = [];
  const forgetOld = (): void => {
    for (const [loginId, atMs] of revoked) {
      if (atMs > clock.nowMs() - keptMs) return;
      revoked.delete(loginId);
    }
  };
  const stop = control.watch(({ subject, value, atMs }) => {
    if (!subject.startsWith(subjectPrefix)) return;
    const loginId = subject.slice(subjectPrefix.length);
    if (revoked.has(loginId)) return;
    revoked.set(loginId, atMs);
    forgetOld();
    for (const handler of handlers) handler(loginId, value);
  });
  return {
    async revoke(loginIds, reason) {
      // A conflict means that the login is revoked already. An unknown outcome rejects, and the caller tries again.
      await Promise.all(loginIds.map((loginId) => control.put(`${subjectPrefix}${loginId}`, reason, 0)));
    },
    isRevoked: (loginId) => revoked.has(loginId),
    onRevoked: (handler) => {
      handlers.push(handler);
    },
    close: stop,
  };
}
