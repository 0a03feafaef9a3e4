import { receive } from "./fanout.ts";
import { Latencies } from "./latency.ts";
import type { LiteSocket } from "./lite-socket.ts";
import type { Order } from "./orders.ts";
import { connectUser, createGroup, inParallel, registerUsers } from "./people.ts";
import type { LoadResult, Scenario } from "./scenarios.ts";

export interface GroupsPlan {
  /** Users online, spread over all gateways. Each user is in one group of each size. */
  people: number;
  /** The numbers of members of a group. */
  sizes: readonly number[];
  seconds: number;
  warmUpSeconds: number;
  /** Sends outstanding, over all groups (closed loop)… */
  window?: number;
  /** …or the fixed rate over all groups (open loop). */
  perSecond?: number;
}
interface Room {
  id: string;
  sockets: LiteSocket[];
}

const settleMs = 2_000;
const warmUpWindow = 32;
let runs = 0;

/** In each group one member sends to the others. The order names the size of the groups; without an order the first size counts. */
export function groups(plan: GroupsPlan): Scenario {
  return {
    title: `groups of ${plan.sizes.join(", ")}`,
    unit: "delivery",
    async prepare(place) {
      const users = await registerUsers(place, plan.people);
      const rooms = new Map<number, Room[]>();
      const sockets: LiteSocket[] = [];
      for (const size of plan.sizes) {
        const starts = Array.from({ length: Math.max(1, Math.floor(plan.people / size)) }, (_, i) => i * size);
        const made = await inParallel(starts, 4, async (start): Promise<Room> => {
          return { id: await createGroup(place, users.slice(start, start + size)), sockets: [] };
        });
        rooms.set(size, made);
      }
      const connectAll = async () => {
        for (const socket of sockets.splice(0)) {
          socket.onClose = () => {};
          socket.close();
        }
        sockets.push(...(await inParallel(users, 16, (user, i) => connectUser(place, user, "&sync=client", i))));
        for (const [size, made] of rooms) {
          for (const [i, room] of made.entries()) room.sockets = sockets.slice(i * size, (i + 1) * size);
        }
      };
      await connectAll();
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      const [first = 0] = plan.sizes;
      const warmUp = { window: warmUpWindow, seconds: plan.warmUpSeconds };
      if (plan.warmUpSeconds > 0) await run(warmUp, rooms.get(first) ?? []);
      return async (order?: Order) => {
        if (order?.kind === "reconnect") {
          const startMs = performance.now();
          for (let round = 0; round < order.rounds; round += 1) await connectAll();
          return { units: order.rounds * users.length, seconds: (performance.now() - startMs) / 1_000 };
        }
        const chosen = order?.kind === "size" ? order : { members: first, seconds: plan.seconds };
        const { window, perSecond } = plan;
        return run({ window, perSecond, seconds: chosen.seconds }, rooms.get(chosen.members) ?? []);
      };
    },
  };
}

interface Pace {
  window?: number;
  perSecond?: number;
  seconds: number;
}

/** Resolves when every message has reached every member. */
async function run(pace: Pace, rooms: readonly Room[]): Promise<LoadResult> {
  runs += 1;
  const latencies = new Latencies();
  const startMs = performance.now();
  const endMs = startMs + pace.seconds * 1_000;
  const each = { ...pace, window: pace.window && Math.max(1, Math.round(pace.window / rooms.length)) };
  const counts = await Promise.all(
    rooms.map((room, i) => runRoom(each, room, rooms.length, `${runs}-${i}`, endMs, latencies)),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  const messages = counts.reduce((sum, { sent }) => sum + sent, 0);
  return {
    units: counts.reduce((sum, { delivered }) => sum + delivered, 0),
    seconds,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    notes: { messages, "messages a second": Math.round(messages / seconds) },
  };
}

function runRoom(
  pace: Pace,
  { id, sockets }: Room,
  rooms: number,
  name: string,
  endMs: number,
  latencies: Latencies,
): Promise<{ sent: number; delivered: number }> {
  const [sender, ...receivers] = sockets;
  if (!sender) return Promise.reject(new Error(`nobody is in ${id}`));
  let sent = 0;
  let acked = 0;
  let delivered = 0;
  return new Promise((resolve, reject) => {
    const finishIfDone = () => {
      if (performance.now() < endMs || acked < sent || delivered < sent * receivers.length) return;
      for (const stop of stops) stop();
      resolve({ sent, delivered });
    };
    const sendOne = () => {
      sent += 1;
      const content = `message ${sent} t=${performance.now().toFixed(3)} ${"x".repeat(80)}`;
      const data = { sessionId: id, contentType: "text", content };
      sender.send(JSON.stringify({ type: "SEND_MESSAGE", msgId: `${name}-${sent}`, data }));
    };
    const stops = receivers.map((socket) =>
      receive(socket, id, (sentMs) => {
        delivered += 1;
        if (sentMs !== undefined) latencies.add(performance.now() - sentMs);
        finishIfDone();
      }),
    );
    for (const socket of sockets) socket.onClose = (code) => reject(new Error(`a socket was closed with ${code}`));
    sender.onFrame = (payload) => {
      if (payload.indexOf('"ERROR"') >= 0) reject(new Error(payload.toString()));
      if (payload.indexOf('"SEND_ACK"') < 0) return;
      acked += 1;
      if (!pace.perSecond && performance.now() < endMs) sendOne();
      finishIfDone();
    };
    if (pace.perSecond) pacer((rooms * 1_000) / pace.perSecond, endMs, sendOne, finishIfDone);
    else for (let i = 0; i < (pace.window ?? 1); i += 1) sendOne();
  });
}

function pacer(everyMs: number, endMs: number, sendOne: () => void, finishIfDone: () => void): void {
  const timer = setInterval(() => {
    if (performance.now() < endMs) return sendOne();
    clearInterval(timer);
    finishIfDone();
  }, everyMs);
}
