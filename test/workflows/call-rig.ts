// Users who call each other: real user and conversation actors of one host, the shared Temporal, and a task queue of this rig.
import { randomInt } from "node:crypto";
import { createConversation } from "../../actors/conversation/conversation.ts";
import { defaultConversationRules } from "../../actors/conversation/model/rules.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { RuntimeError } from "../../actors/runtime/errors.ts";
import { createHost } from "../../actors/runtime/host/host.ts";
import { soleLease } from "../../actors/runtime/lease/lease.ts";
import { defaultRuntimeLimits } from "../../actors/runtime/limits.ts";
import { createSession } from "../../actors/session/session.ts";
import type { NewCall } from "../../actors/shared/call.ts";
import { pairId } from "../../actors/shared/ids.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { User } from "../../actors/user/contract.ts";
import type { Calls } from "../../gateway/ports.ts";
import { framed } from "../../gateway/wire/notification.ts";
import { createMemoryHeads } from "../../infra/memory/heads.ts";
import { createMemoryTransport } from "../../infra/memory/transport.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import type { CallTimes } from "../../workflows/call/contract.ts";
import { eventually } from "../suites/eventually.ts";
import { handle } from "../support/handle-behaviour.ts";
import { createMemoryJournal } from "../support/memory-journal.ts";
import { createMemoryViews } from "../support/memory-views.ts";
import { useTemporal } from "../support/stack.ts";
import { user } from "../support/user-behaviour.ts";

/** Times so long that nothing times out on a busy machine. */
export const patient: CallTimes = { ringMs: 120_000, graceMs: 60_000, joinMs: 60_000, lookMs: 60_000, maxMs: 600_000 };

export interface Person {
  userId: string;
  deviceId: string;
}

export async function startCallRig() {
  const { address } = await useTemporal();
  const temporal = { address, namespace: "default", taskQueue: `calls-${systemRandom.hex(64)}` };
  const published: FramedNotification[] = [];
  const views = createMemoryViews();
  const errorReports: string[] = [];
  const host = createHost({
    ports: {
      journal: createMemoryJournal(),
      views: views.views,
      heads: createMemoryHeads(),
      sink: { publish: (notifications) => void published.push(...notifications.map(framed)), flush: async () => {} },
      clock: systemClock,
    },
    transport: createMemoryTransport(),
    random: systemRandom,
    lease: soleLease({ host: "h", boot: "b" }),
    behaviours: [
      handle,
      user,
      createSession(),
      createConversation({
        sends: views.sends,
        rules: { ...defaultConversationRules, requireFriend: false },
        random: systemRandom,
      }),
    ],
    limits: defaultRuntimeLimits,
    reportError: (message) => void errorReports.push(message),
  });
  await host.start();
  const outage = createOutage(host.actors);
  // Temporal is shared, and a call's id is its workflow's id, so the ids of each rig start at a random number.
  let nextId = randomInt(1_000_000) * 1_000_000 + 1_000_000;
  const fresh = () => String(nextId++);

  return {
    temporal,
    actors: outage.actors,
    outage,
    errorReports,
    async person(nickname: string): Promise<Person> {
      const userId = fresh();
      await host.actors
        .get(User, userId)
        .create({ nickname, phone: "", email: "", account: nickname, atMs: Date.now() });
      return { userId, deviceId: `phone-of-${nickname}` };
    },
    call(caller: Person, callee: Person, more: Partial<NewCall> = {}): NewCall {
      return {
        callId: fresh(),
        callType: "audio",
        callerId: caller.userId,
        callerDeviceId: caller.deviceId,
        calleeId: callee.userId,
        conversationId: pairId(caller.userId, callee.userId),
        ...more,
      };
    },
    /** The notifications of the call to this user's devices, in order: "invite", "rejected", or the status. */
    received(person: Person, { callId }: { callId: string }): string[] {
      return published.flatMap(({ type, target, data }) => {
        if (!("users" in target) || !target.users.includes(person.userId)) return [];
        const payload = (data.payload ?? data) as { callId?: string; status?: string; outcome?: string };
        if (payload.callId !== callId) return [];
        if (type === "livekit.call_status") return [payload.outcome ?? payload.status ?? "?"];
        return type.startsWith("livekit.call_") ? [type.slice("livekit.call_".length)] : [];
      });
    },
    /** The call records in the conversation of the two users, oldest first. */
    records(a: Person, b: Person): Record<string, unknown>[] {
      const conversationId = pairId(a.userId, b.userId);
      const messages = published.filter(
        ({ frame, versioned }) => frame === "NEW_MESSAGE" && versioned?.conversationId === conversationId,
      );
      return messages.map(({ data }) => data.content as Record<string, unknown>);
    },
    /** The calls in the user's list, newest first. */
    async calls({ userId }: Person) {
      return (await host.actors.get(User, userId).calls({ from: { offset: 0 }, limit: 50 })).calls;
    },
    /** Runs one call, because a worker's first call loads the workflows, and that takes long on a busy machine. */
    async warm(calls: Pick<Calls, "invite">): Promise<void> {
      const call = this.call(await this.person("warm"), await this.person("up"));
      const rings = async () => !((await calls.invite(call).catch((error: Error) => error)) instanceof Error);
      await eventually(rings, 120_000);
    },
    stop: () => host.stop(),
  };
}
export type CallRig = Awaited<ReturnType<typeof startCallRig>>;

/** Actors that can be made unreachable: every command then fails as between hosts. */
function createOutage(real: Actors) {
  let isAway = false;
  let refused = 0;
  const actors: Actors = {
    get: (contract, key) =>
      new Proxy(real.get(contract, key) as object, {
        get(target, name) {
          if (!isAway) return Reflect.get(target, name);
          return async () => {
            refused += 1;
            throw new RuntimeError("unreachable", "cut off by the test");
          };
        },
      }) as never,
  };
  return {
    actors,
    begin: () => {
      isAway = true;
    },
    end: () => {
      isAway = false;
    },
    get refused() {
      return refused;
    },
  };
}

/** Keeps the lines of a worker's log and prints none. */
export function createQuietLog() {
  const lines: string[] = [];
  const write = (message: string, fields?: Record<string, unknown>) => {
    lines.push(`${message} ${fields?.error instanceof Error ? String(fields.error) : ""}`.trim());
  };
  return { lines, info: write, warn: write, error: write };
}
