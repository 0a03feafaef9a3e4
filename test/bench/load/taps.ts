// Reactions and pins: tapped, journaled, answered, and delivered to the other side, by frames as a chat app sends them.
import { Latencies } from "./latency.ts";
import type { LiteSocket } from "./lite-socket.ts";
import { befriend, connectUser, inParallel, registerUsers } from "./people.ts";
import type { Scenario } from "./scenarios.ts";

interface TapsPlan {
  frame: "REACTION" | "MESSAGE_PIN";
  pairs: number;
  /** Taps outstanding per pair, each at another message. */
  window: number;
  seconds: number;
}
interface Pair {
  conversationId: string;
  socket: LiteSocket;
  messageIds: string[];
}

/** The messages of a pair are tapped in turn, so few that a message is tapped again while its taps are still gathered. */
const messagesEach = 8;
const warmUpSeconds = 4;

export function taps(plan: TapsPlan): Scenario {
  return {
    title: `${plan.frame}, ${plan.pairs} pairs, window ${plan.window}`,
    unit: "tap",
    async prepare(place) {
      const users = await registerUsers(place, plan.pairs * 2);
      const pairs = await inParallel(Array.from({ length: plan.pairs }), 8, async (_, i): Promise<Pair> => {
        const [a, b] = [users[2 * i]!, users[2 * i + 1]!];
        const conversationId = await befriend(place, a, b);
        const socket = await connectUser(place, a, "", i);
        await connectUser(place, b, "", i + 1);
        const messageIds: string[] = [];
        for (let n = 0; n < messagesEach; n += 1) messageIds.push(await say(socket, conversationId, `m${n}`));
        return { conversationId, socket, messageIds };
      });
      await run({ ...plan, seconds: warmUpSeconds }, pairs);
      return () => run(plan, pairs);
    },
  };
}

function say(socket: LiteSocket, sessionId: string, msgId: string): Promise<string> {
  return new Promise((resolve, reject) => {
    socket.onFrame = (payload) => {
      const text = payload.toString("latin1");
      if (text.includes('"ERROR"')) reject(new Error(text));
      if (text.includes('"SEND_ACK"')) resolve(/"messageId":"([^"]+)"/.exec(text)![1]!);
    };
    socket.send(
      JSON.stringify({ type: "SEND_MESSAGE", msgId, data: { sessionId, contentType: "text", content: msgId } }),
    );
  });
}

async function run(plan: TapsPlan, pairs: readonly Pair[]) {
  const latencies = new Latencies();
  const startMs = performance.now();
  const endMs = startMs + plan.seconds * 1_000;
  const counts = await Promise.all(pairs.map((pair) => tapAll(plan, pair, endMs, latencies)));
  return {
    units: counts.reduce((sum, count) => sum + count, 0),
    seconds: (performance.now() - startMs) / 1_000,
    p50Ms: latencies.quantile(0.5),
    p99Ms: latencies.quantile(0.99),
  };
}

let msgIds = 0;

function tapAll({ frame, window }: TapsPlan, pair: Pair, endMs: number, latencies: Latencies): Promise<number> {
  const { socket, conversationId: sessionId, messageIds } = pair;
  const sentMs = new Map<string, number>();
  let sent = 0;
  let answered = 0;
  return new Promise((resolve, reject) => {
    const tapOne = () => {
      const messageId = messageIds[sent % messagesEach];
      // On and off in turn, so that each tap changes something.
      const on = Math.floor(sent / messagesEach) % 2 === 0;
      sent += 1;
      msgIds += 1;
      const msgId = `t${msgIds}`;
      sentMs.set(msgId, performance.now());
      const tap = frame === "REACTION" ? { emoji: "👍" } : {};
      socket.send(JSON.stringify({ type: frame, msgId, data: { messageId, sessionId, on, ...tap } }));
    };
    socket.onFrame = (payload) => {
      const text = payload.toString("latin1");
      if (text.includes('"ERROR"')) reject(new Error(text));
      if (!text.includes('"OK"')) return;
      const msgId = /"msgId":"([^"]+)"/.exec(text)![1]!;
      latencies.add(performance.now() - sentMs.get(msgId)!);
      sentMs.delete(msgId);
      answered += 1;
      if (performance.now() < endMs) tapOne();
      else if (answered === sent) resolve(answered);
    };
    for (let i = 0; i < window; i += 1) tapOne();
  });
}
