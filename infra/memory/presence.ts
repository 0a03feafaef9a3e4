import type { Presence } from "../../gateway/ports.ts";

interface Known {
  platforms: Map<string, string>;
  lastSeenMs: number;
}
/** Users whose last visit is remembered; beyond it the longest absent are forgotten. */
const maxAbsent = 100_000;

/** Within one process connections end with it, so no entry needs a time-to-live. */
export function createMemoryPresence(): Presence {
  const online = new Map<string, Known>();
  const lastSeen = new Map<string, number>();
  return {
    async online(userId, { connectionId, platform, atMs }) {
      const known = online.get(userId);
      if (known) known.platforms.set(connectionId, platform);
      else online.set(userId, { platforms: new Map([[connectionId, platform]]), lastSeenMs: atMs });
      return { firstDevice: !known };
    },
    async offline(userId, connectionId, atMs) {
      const known = online.get(userId);
      if (!known?.platforms.delete(connectionId) || known.platforms.size > 0) return { lastDevice: false };
      online.delete(userId);
      lastSeen.delete(userId);
      lastSeen.set(userId, atMs);
      const [longestAbsent] = lastSeen.keys();
      if (lastSeen.size > maxAbsent && longestAbsent !== undefined) lastSeen.delete(longestAbsent);
      return { lastDevice: true };
    },
    async touch() {},
    async findMany(userIds) {
      const found = new Map<string, { isOnline: boolean; platforms: string[]; lastSeenMs: number }>();
      for (const userId of userIds) {
        const known = online.get(userId);
        const lastSeenMs = known?.lastSeenMs ?? lastSeen.get(userId);
        if (lastSeenMs === undefined) continue;
        found.set(userId, {
          isOnline: known !== undefined,
          platforms: [...(known?.platforms.values() ?? [])],
          lastSeenMs,
        });
      }
      return found;
    },
  };
}
