import { Latencies } from "./latency.ts";
import type { LiteSocket } from "./lite-socket.ts";
import { befriend, connectUser, inParallel, registerUsers } from "./people.ts";
import type { LoadResult, Scenario } from "./scenarios.ts";

export interface PairsPlan {
  pairs: number;
  seconds: number;
  /** Sends outstanding per pair (closed loop)… */
  window?: number;
  /** …or the fixed rate over all pairs (open loop). */
  perSecond?: number;
  /** The load before the measurement; by default the measured load for 6 s. */
  warmUp?: { window?: number; perSecond?: number; seconds: number };
}
interface Pair {
  conversationId: string;
  sender: LiteSocket;
  receiver: LiteSocket;
}

/** Load before the measurement, so that the server's code is compiled, as in a server that runs for days. */
const warmUpSeconds = 6;

/** Durable 1:1 messages: sent, journaled, acknowledged, delivered, acknowledged by the receiver, stored. */
export function durablePairs(plan: PairsPlan): Scenario {
  const how = plan.perSecond ? `${plan.perSecond} msg/s open loop` : `window ${plan.window}`;
  return {
    title: `durable 1:1, ${plan.pairs} pairs, ${how}`,
    unit: "message",
    async prepare(place) {
      const users = await registerUsers(place, plan.pairs * 2);
      const pairs = await inParallel(Array.from({ length: plan.pairs }), 8, async (_, i): Promise<Pair> => {
        const [a, b] = [users[2 * i]!, users[2 * i + 1]!];
        const conversationId = await befriend(place, a, b);
        // Sender and receiver are at different gateways, where there are several.
        const sender = await connectUser(place, a, "", i);
        return { conversationId, sender, receiver: await connectUser(place, b, "", i + 1) };
      });
      await run(plan.warmUp ? { pairs: plan.pairs, ...plan.warmUp } : { ...plan, seconds: warmUpSeconds }, pairs);
      return () => run(plan, pairs);
    },
  };
}

let runs = 0;

async function run(plan: PairsPlan, pairs: Pair[]): Promise<LoadResult> {
  const latencies = new Latencies();
  const startMs = performance.now();
  const endMs = startMs + plan.seconds * 1_000;
  runs += 1;
  const running = pairs.map((pair, i) => runPair(plan, pair, `${runs}-${i}`, endMs, latencies));
  const delivered = await Promise.all(running);
  const seconds = (performance.now() - startMs) / 1_000;
  const units = delivered.reduce((sum, count) => sum + count, 0);
  return {
    units,
    seconds,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
    notes: { perSecond: Math.round(units / seconds) },
  };
}

/** Resolves with the number of messages, when all are acknowledged and delivered. */
function runPair(plan: PairsPlan, pair: Pair, name: string, endMs: number, latencies: Latencies): Promise<number> {
  const { conversationId, sender, receiver } = pair;
  const sentMs = new Map<string, number>();
  let sent = 0;
  let acked = 0;
  let delivered = 0;
  let toAck = 0;
  return new Promise((resolve, reject) => {
    const ackTimer = setInterval(() => ackReceived(), 1_000);
    const ackReceived = () => {
      if (toAck > 0) receiver.send(`{"type":"MESSAGE_ACK","sessionId":"${conversationId}","seq":${toAck}}`);
      toAck = 0;
    };
    const sendOne = () => {
      sent += 1;
      const msgId = `${name}-${sent}`;
      sentMs.set(msgId, performance.now());
      sender.send(
        JSON.stringify({
          type: "SEND_MESSAGE",
          msgId,
          data: { sessionId: conversationId, contentType: "text", content: `message ${sent} ${"x".repeat(100)}` },
        }),
      );
    };
    const finishIfDone = () => {
      if (performance.now() < endMs || acked < sent || delivered < sent) return;
      clearInterval(ackTimer);
      ackReceived(); // else the gateway would repeat the last messages in the next run
      resolve(delivered);
    };
    sender.onFrame = (payload) => {
      const text = payload.toString("latin1");
      if (text.includes('"ERROR"')) reject(new Error(text));
      if (!text.includes('"SEND_ACK"')) return;
      const msgId = /"msgId":"([^"]+)"/.exec(text)![1]!;
      latencies.add(performance.now() - sentMs.get(msgId)!);
      sentMs.delete(msgId);
      acked += 1;
      if (!plan.perSecond && performance.now() < endMs) sendOne();
      finishIfDone();
    };
    receiver.onFrame = (payload) => {
      if (payload.indexOf('"NEW_MESSAGE"') < 0) return;
      const text = payload.toString("latin1");
      const at = text.indexOf('"seq":');
      toAck = Number.parseInt(text.slice(at + 6, at + 22), 10);
      delivered += 1;
      if (delivered % 64 === 0) ackReceived();
      finishIfDone();
    };
    if (plan.perSecond) pace(plan, Math.random(), endMs, sendOne, finishIfDone);
    else for (let i = 0; i < plan.window!; i += 1) sendOne();
  });
}

/** Open loop: each pair sends on its own schedule and does not wait for answers. */
function pace(plan: PairsPlan, phase: number, endMs: number, sendOne: () => void, finishIfDone: () => void): void {
  const everyMs = (plan.pairs * 1_000) / plan.perSecond!;
  let nextMs = performance.now() + everyMs * phase;
  const tick = () => {
    const nowMs = performance.now();
    for (; nextMs <= nowMs && nextMs < endMs; nextMs += everyMs) sendOne();
    if (nowMs < endMs) setTimeout(tick, Math.max(1, nextMs - nowMs));
    else finishIfDone();
  };
  tick();
}
