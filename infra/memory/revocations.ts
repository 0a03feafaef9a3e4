// Revoked logins travel in CONTROL, so every gateway sees them in one order, before the renewals that follow (G8).
import type { Clock, Control } from "../../actors/runtime/ports.ts";
import type { Revocations } from "../../gateway/ports.ts";

const subjectPrefix = "revoked.";

/** A revocation is remembered while an access token of the login may still be believed by somebody. */
export function createRevocations(deps: { control: Control; clock: Clock; keptMs: number }): Revocations {
  const { control, clock, keptMs } = deps;
  const revoked = new Map<string, number>();
  const handlers: ((loginId: string, reason: string) => void)[] = [];
  control.watch(({ subject, value, atMs }) => {
    if (!subject.startsWith(subjectPrefix)) return;
    const loginId = subject.slice(subjectPrefix.length);
    revoked.set(loginId, atMs);
    for (const [oldest, sinceMs] of revoked) {
      if (sinceMs + keptMs > clock.nowMs()) break;
      revoked.delete(oldest);
    }
    for (const handler of handlers) handler(loginId, value);
  });
  return {
    async revoke(loginIds, reason) {
      // A conflict says that it is revoked already.
      await Promise.all(loginIds.map((loginId) => control.put(`${subjectPrefix}${loginId}`, reason, 0)));
    },
    isRevoked: (loginId) => revoked.has(loginId),
    onRevoked: (handler) => {
      handlers.push(handler);
    },
  };
}
