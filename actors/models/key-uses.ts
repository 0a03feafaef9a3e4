// How often users' provider keys were used: counted in memory and sent to their actors every two seconds, because a record per
// use would be a record per message. A process that is killed loses the uses of its last seconds: no bill depends on these counts.
import type { Actors } from "../runtime/actors.ts";
import type { Clock } from "../runtime/ports.ts";
import type { UserId } from "../shared/ids.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import { ModelSettings } from "./contract.ts";

export interface KeyUses {
  add(userId: UserId, keyId: string): void;
  /** Sends what was counted, while the actors still answer. Uses after it are not counted. */
  close(): Promise<void>;
}

export const keyUsesEveryMs = 2_000;
/** Keys that are counted between two sendings; uses of more keys are not counted. */
const maxKeys = 10_000;
/** Actors that are asked at one time. */
const maxSendsAtOnce = 16;

export function createKeyUses({
  actors,
  clock,
  reportError,
}: {
  actors: Actors;
  clock: Clock;
  reportError(message: string, cause: unknown): void;
}): KeyUses {
  let counts = new Map<string, { userId: UserId; keyId: string; count: number }>();
  let cancel: (() => void) | undefined;
  let isClosed = false;

  return {
    add(userId, keyId) {
      if (isClosed) return;
      const name = `${userId} ${keyId}`;
      const known = counts.get(name);
      if (known) known.count += 1;
      else if (counts.size < maxKeys) counts.set(name, { userId, keyId, count: 1 });
      cancel ??= clock.after(keyUsesEveryMs, () => void send());
    },
    async close() {
      isClosed = true;
      cancel?.();
      await send();
    },
  };

  async function send(): Promise<void> {
    const sent = counts;
    counts = new Map();
    cancel = undefined;
    await mapBounded([...sent.values()], maxSendsAtOnce, async ({ userId, ...use }) => {
      try {
        await actors.get(ModelSettings, userId).keyUsed(use);
      } catch (error) {
        reportError("key-uses: not counted", error);
      }
    });
  }
}
