import type { Clock, Control } from "../../actors/runtime/ports.ts";
import type { Revocations } from "../../gateway/ports.ts";

interface RevocationOptions {
  readonly control: Control;
  readonly clock: Pick<Clock, "nowMs">;
  /** At least as long as an access token lives; after it the login needs no refusal any more. */
  readonly keptMs: number;
}

const subjectPrefix = "revoked.";

/** Logins refused everywhere (G8), on CONTROL: one order for every gateway. */
export function createRevocations({ control, clock, keptMs }: RevocationOptions): Revocations & {
  close(): void;
} {
  /** When each was revoked, oldest first. */
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
      // A conflict says that it is revoked already; anything unknown rejects, and the caller tries again.
      await Promise.all(loginIds.map((loginId) => control.put(`${subjectPrefix}${loginId}`, reason, 0)));
    },
    isRevoked: (loginId) => revoked.has(loginId),
    onRevoked: (handler) => {
      handlers.push(handler);
    },
    close: stop,
  };
}
