// The REST edge in front of the real handle, user and session actors of one host.

import { createHost } from "../../actors/runtime/host/host.ts";
import { soleLease } from "../../actors/runtime/lease/lease.ts";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import type { Clock } from "../../actors/runtime/ports.ts";
import { createSession } from "../../actors/session/session.ts";
import type { GatewayDeps } from "../../gateway/ports.ts";
import { createRevocations } from "../../infra/control/revocations.ts";
import { createMemoryControl } from "../../infra/memory/control.ts";
import { createMemoryHeads } from "../../infra/memory/heads.ts";
import { createMemoryTransport } from "../../infra/memory/transport.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import { handle } from "../support/handle-behaviour.ts";
import { createMemoryJournal } from "../support/memory-journal.ts";
import { createMemoryViews } from "../support/memory-views.ts";
import { user } from "../support/user-behaviour.ts";
import { startEdge } from "./rest-edge.ts";

/** A clock whose time jumps: what was due in between runs at once. */
function jumpingClock(time: { offsetMs: number }) {
  const waiting = new Set<{ dueMs: number; arm: () => void }>();
  const nowMs = () => systemClock.nowMs() + time.offsetMs;
  const clock: Clock = {
    ...systemClock,
    nowMs,
    after(delayMs, callback) {
      let cancel = () => {};
      const timer = { dueMs: nowMs() + delayMs, arm };
      waiting.add(timer);
      arm();
      return end;

      function arm(): void {
        cancel();
        cancel = systemClock.after(Math.max(0, timer.dueMs - nowMs()), () => {
          end();
          callback();
        });
      }
      function end(): void {
        waiting.delete(timer);
        cancel();
      }
    },
  };
  const jump = (ms: number): void => {
    time.offsetMs += ms;
    for (const timer of waiting) timer.arm();
  };
  return { clock, jump };
}

/** `offsetMs` moves the clock of actors and edge; after `jump`, what was due meanwhile runs, too. */
export async function startAccounts(overrides: Partial<GatewayDeps> = {}) {
  const time = { offsetMs: 0 };
  const { clock, jump } = jumpingClock(time);
  const store = createMemoryViews();
  const errorReports: string[] = [];
  const host = createHost({
    ports: {
      journal: createMemoryJournal(),
      views: store.views,
      heads: createMemoryHeads(),
      sink: { publish() {}, flush: async () => {} },
      clock,
    },
    transport: createMemoryTransport(),
    random: systemRandom,
    lease: soleLease({ host: "h", boot: "b" }),
    behaviours: [handle, user, createSession()],
    limits: defaultRuntimeLimits,
    reportError: (message) => errorReports.push(message),
  });
  await host.start();
  const control = createMemoryControl(systemClock);
  const revocations = createRevocations({ control, clock: systemClock, keptMs: 7_200_000 });
  const { directory } = store;
  const edge = await startEdge({}, { actors: host.actors, clock, revocations, directory, ...overrides });
  return {
    ...edge,
    errorReports,
    time,
    jump,
    actors: host.actors,
    async [Symbol.asyncDispose]() {
      await edge[Symbol.asyncDispose]();
      host.stop();
    },
  };
}
export type Accounts = Awaited<ReturnType<typeof startAccounts>>;

export const alice = {
  ...{ email: "alice@example.org", account: "alice", password: "abcdefg1", verifyCode: "123456", nickname: "Alice" },
  ...{ deviceType: "iOS", deviceId: "phone" },
};

export async function register(edge: Accounts, change: object = {}) {
  return edge.ask("POST", "/api/v1/auth/register", { body: { ...alice, ...change } });
}
export async function logIn(edge: Accounts, change: object = {}) {
  return edge.ask("POST", "/api/v1/auth/login", { body: { ...alice, ...change } });
}
export async function statusOfMe(edge: Accounts, token: string): Promise<number> {
  return (await edge.ask("GET", "/api/v1/users/me", { token })).body.code;
}
