import { shardOf } from "../../../actors/runtime/sharding.ts";
import { Device } from "./device.ts";
import type { Order } from "./orders.ts";
import { inParallel, pairOf, registerUsers } from "./people.ts";
import type { LoadResult, Scenario } from "./scenarios.ts";

export interface WebPlan {
  /** The number of pairs. Each user has a conversation with each other: n users have n (n − 1) / 2 conversations. */
  conversations: number;
  /** Messages in each conversation before the measurement. */
  history: number;
}
interface Thread {
  id: string;
  shard: number;
  sender: Device;
}

const fillWidth = 256;
const pulseEveryMs = 50;

/** Many conversations with some history and a light load. Orders probe conversations whose host was killed. */
export function web({ conversations, history }: WebPlan): Scenario {
  const people = Math.ceil((1 + Math.sqrt(1 + 8 * conversations)) / 2);
  return {
    title: `${conversations} conversations`,
    unit: "conversation",
    async prepare(place) {
      const errors = new Map<string, number>();
      const users = await registerUsers(place, people);
      const devices = await inParallel(users, 8, (user, i) => Device.connect(place, user, i, errors));
      const threads: Thread[] = [];
      for (const [i, a] of users.entries()) {
        for (const [j, b] of users.slice(0, i).entries()) {
          const sender = devices[(i + j) % 2 === 0 ? i : j];
          const id = pairOf(a, b);
          if (sender && threads.length < conversations)
            threads.push({ id, shard: shardOf("conversation", id), sender });
        }
      }
      for (let n = 0; n < history; n += 1) await inParallel(threads, fillWidth, ({ id, sender }) => sender.send(id));
      return async (order?: Order) => {
        if (order?.kind === "pulse") pulse(threads, order.perSecond);
        return order?.kind === "probe" ? probe(threads, order, errors) : { units: 0, seconds: 0 };
      };
    },
  };
}

function pulse(threads: readonly Thread[], perSecond: number): void {
  let due = 0;
  setInterval(() => {
    for (due += (perSecond * pulseEveryMs) / 1_000; due >= 1; due -= 1) {
      const thread = threads[Math.floor(Math.random() * threads.length)];
      void thread?.sender.send(thread.id);
    }
  }, pulseEveryMs);
}

type Probe = Extract<Order, { kind: "probe" }>;

async function probe(threads: readonly Thread[], order: Probe, errors: Map<string, number>): Promise<LoadResult> {
  errors.clear();
  const shards = new Set(order.shards);
  const theirs = threads.filter(({ shard }) => shards.has(shard));
  // A different part of the conversations each time.
  const first = Math.floor(Math.random() * theirs.length);
  const step = Math.max(1, Math.floor(theirs.length / order.count));
  const chosen = Array.from(
    { length: Math.min(order.count, theirs.length) },
    (_, i) => (first + i * step) % theirs.length,
  );
  const stayed: number[] = [];
  const moved: number[] = [];
  await inParallel(chosen, order.width, async (index) => {
    const thread = theirs[index];
    if (!thread) return;
    const before = thread.sender.reconnects;
    await thread.sender.send(thread.id);
    (thread.sender.reconnects > before ? moved : stayed).push(Date.now() - order.sinceMs);
  });
  return {
    units: chosen.length,
    seconds: (Date.now() - order.sinceMs) / 1_000,
    samples: { stayed, moved },
    notes: Object.fromEntries([...errors].map(([code, count]) => [`error ${code}`, count])),
  };
}
