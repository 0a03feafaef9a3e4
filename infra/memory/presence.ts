// Presence in one process: the connections of each user. A connection that is not touched for `ttlMs` counts as closed.
import type { Clock } from "../../actors/runtime/ports.ts";
import { BoundedMap } from "../../actors/shared/bounded-map.ts";
import type { Presence } from "../../gateway/ports.ts";
import { systemClock } from "../system/clock.ts";

interface MemoryPresenceOptions {
  readonly clock?: Pick<Clock, "nowMs">;
  /** Must be longer than the pause between two touches of a gateway. Default 180 s. */
  readonly ttlMs?: number;
  /** Online users and offline users with their last seen time; beyond that the users unchanged longest are forgotten. */
  readonly maxUsers?: number;
}

interface Connection {
  readonly platform: string;
  touchedMs: number;
}
interface User {
  readonly connections: Map<string, Connection>;
  lastSeenMs: number;
}

export function createMemoryPresence(options: MemoryPresenceOptions = {}): Presence {
  const { clock = systemClock, ttlMs = 180_000, maxUsers = 500_000 } = options;
  const users = new BoundedMap<string, User>(maxUsers);

  /** Removes the user's expired connections first. */
  const find = (userId: string): User | undefined => {
    const user = users.get(userId);
    if (!user) return undefined;
    for (const [connectionId, { touchedMs }] of user.connections) {
      if (touchedMs > clock.nowMs() - ttlMs) continue;
      user.connections.delete(connectionId);
      user.lastSeenMs = Math.max(user.lastSeenMs, touchedMs);
    }
    return user;
  };

  return {
    async online(userId, { connectionId, platform, atMs }) {
      const user = find(userId) ?? { connections: new Map(), lastSeenMs: 0 };
      users.renew(userId, user);
      const firstDevice = user.connections.size === 0;
      user.connections.set(connectionId, { platform, touchedMs: clock.nowMs() });
      user.lastSeenMs = Math.max(user.lastSeenMs, atMs);
      return { firstDevice };
    },
    async offline(userId, connectionId, atMs) {
      const user = find(userId);
      if (!user?.connections.delete(connectionId)) return { lastDevice: false };
      user.lastSeenMs = Math.max(user.lastSeenMs, atMs);
      return { lastDevice: user.connections.size === 0 };
    },
    async touch(entries) {
      const touchedMs = clock.nowMs();
      for (const { userId, connectionId, platform } of entries) {
        const user = users.get(userId) ?? { connections: new Map(), lastSeenMs: 0 };
        const connection = user.connections.get(connectionId);
        if (connection) {
          connection.touchedMs = touchedMs;
          continue;
        }
        user.connections.set(connectionId, { platform, touchedMs });
        user.lastSeenMs = Math.max(user.lastSeenMs, touchedMs);
        users.set(userId, user);
      }
    },
    async findMany(userIds) {
      const found = new Map<string, { isOnline: boolean; platforms: string[]; lastSeenMs: number }>();
      for (const userId of userIds) {
        const user = find(userId);
        if (!user) continue;
        const platforms = [...new Set([...user.connections.values()].map(({ platform }) => platform))];
        found.set(userId, { isOnline: platforms.length > 0, platforms, lastSeenMs: user.lastSeenMs });
      }
      return found;
    },
  };
}
