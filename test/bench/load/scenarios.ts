// The scenarios of the load generator. Each prepares its users, and runs the measured part on order.

import { connects, idleConnections } from "./connections.ts";
import { fanout } from "./fanout.ts";
import type { Order } from "./orders.ts";
import { durablePairs } from "./pairs.ts";
import type { Place } from "./people.ts";
import { historyPages, syncAfterMissed } from "./reads.ts";
import { taps } from "./taps.ts";

export interface LoadResult {
  /** The units of work done, by which the server's CPU time is divided. */
  units: number;
  seconds: number;
  p50Ms?: number;
  p99Ms?: number;
  /** Further figures, by name. */
  notes?: Record<string, number>;
  /** Single values in ms, so that the caller can combine several runs. */
  samples?: Record<string, number[]>;
}
export interface Scenario {
  readonly title: string;
  readonly unit: string;
  /** The server is restarted on its data between preparing and measuring. */
  readonly startsAfresh?: true;
  /** Prepares the scenario. The returned function runs the measured part, once per order. */
  prepare(place: Place): Promise<(order?: Order) => Promise<LoadResult>>;
}

export const scenarios: Record<string, Scenario> = {
  "fanout-100": fanout({ members: 100, messages: 6_000, window: 32 }),
  "fanout-1000": fanout({ members: 1_000, messages: 1_600, window: 32 }),
  "fanout-1000-paced": fanout({ members: 1_000, messages: 50, perSecond: 5 }),
  "durable-1to1": durablePairs({ pairs: 200, window: 4, seconds: 8 }),
  "durable-1to1-open": durablePairs({ pairs: 200, perSecond: 2_000, seconds: 8 }),
  "tap-reaction": taps({ frame: "REACTION", pairs: 200, window: 4, seconds: 8 }),
  "tap-pin": taps({ frame: "MESSAGE_PIN", pairs: 200, window: 4, seconds: 8 }),
  "connect-first": connects({ title: "first connect of registered users", users: 5_000, width: 32 }),
  "connect-again": connects({ title: "connect to the same host again", users: 5_000, width: 32, isRepeated: true }),
  "connect-restarted": connects({
    ...{ title: "connect after the host was killed and started", users: 5_000, width: 32 },
    ...{ isRepeated: true, startsAfresh: true },
  }),
  idle: idleConnections({ count: 10_000, usersEach: 1 }),
  history: historyPages({ messages: 1_000, pages: 2_000, limit: 50 }),
  sync: syncAfterMissed({ missed: 1_000, rounds: 60 }),
};
