import { Latencies } from "./latency.ts";
import type { LiteSocket } from "./lite-socket.ts";
import { connectUser, createGroup, inParallel, registerUsers } from "./people.ts";
import type { LoadResult, Scenario } from "./scenarios.ts";

interface FanoutPlan {
  members: number;
  messages: number;
  /** Sends outstanding at once… */
  window?: number;
  /** …or a fixed pace. */
  perSecond?: number;
}
/** Sent before the measurement, so that the server's code is compiled. */
const warmUpMessages = 500;
const ackEveryMs = 1_000;
const ackEveryMessages = 64;

/** One member sends to all members, who are online and acknowledge once a second or per 64 messages. */
export function fanout(plan: FanoutPlan): Scenario {
  const how = plan.perSecond ? `${plan.perSecond} msg/s` : `window ${plan.window}`;
  return {
    title: `fan-out to ${plan.members} online, ${how}`,
    unit: "delivery",
    async prepare(place) {
      const users = await registerUsers(place, plan.members);
      const group = await createGroup(place, users);
      const sockets = await inParallel(users, 32, (user) => connectUser(place, user));
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      await run({ members: plan.members, messages: warmUpMessages, window: 32 }, group, sockets);
      return () => run(plan, group, sockets);
    },
  };
}

function run(plan: FanoutPlan, group: string, sockets: LiteSocket[]): Promise<LoadResult> {
  const [sender, ...receivers] = sockets;
  const latencies = new Latencies();
  const expected = plan.messages * receivers.length;
  let delivered = 0;
  const startMs = performance.now();
  return new Promise((resolve, reject) => {
    const stops = receivers.map((socket) =>
      receive(socket, group, (sentMs) => {
        delivered += 1;
        if (sentMs !== undefined) latencies.add(performance.now() - sentMs);
        if (delivered !== expected) return;
        for (const stop of stops) stop();
        const seconds = (performance.now() - startMs) / 1_000;
        resolve({
          units: delivered,
          seconds,
          p50Ms: latencies.quantile(0.5),
          p99Ms: latencies.quantile(0.99),
          notes: { messages: plan.messages },
        });
      }),
    );
    sender!.onClose = (code) => reject(new Error(`the sender was closed with ${code}`));
    send(plan, group, sender!, reject);
  });
}

/** Counts and acknowledges messages, and times 1 in 16. The result acknowledges the last messages and stops. */
export function receive(
  socket: LiteSocket,
  group: string,
  onMessage: (sentMs: number | undefined) => void,
): () => void {
  let seq = 0;
  let acked = 0;
  const ack = () => {
    if (seq === acked) return;
    acked = seq;
    socket.send(`{"type":"MESSAGE_ACK","sessionId":"${group}","seq":${seq}}`);
  };
  socket.onFrame = (payload) => {
    if (payload.indexOf('"NEW_MESSAGE"') < 0) return;
    // The seq is read from the text without parsing, because messages come in order. 1 in 16 is timed.
    const text = payload.toString("latin1");
    const at = text.indexOf('"seq":');
    seq = Number.parseInt(text.slice(at + 6, at + 22), 10);
    const timed = seq % 16 === 0 ? /t=([0-9.]+)/.exec(text) : null;
    if (seq - acked >= ackEveryMessages) ack();
    onMessage(timed ? Number(timed[1]) : undefined);
  };
  const phase = Math.random() * ackEveryMs;
  const timer = setInterval(ack, ackEveryMs);
  setTimeout(ack, phase);
  return () => {
    clearInterval(timer);
    ack();
  };
}

let runs = 0;

function send(plan: FanoutPlan, group: string, sender: LiteSocket, reject: (error: Error) => void): void {
  runs += 1;
  let sent = 0;
  const sendOne = () => {
    if (sent >= plan.messages) return;
    sent += 1;
    const content = `message ${sent} t=${performance.now().toFixed(3)} ${"x".repeat(80)}`;
    sender.send(
      JSON.stringify({
        type: "SEND_MESSAGE",
        msgId: `m${runs}-${sent}`,
        data: { sessionId: group, contentType: "text", content },
      }),
    );
  };
  sender.onFrame = (payload) => {
    if (payload.indexOf('"ERROR"') >= 0) reject(new Error(payload.toString()));
    else if (payload.indexOf('"SEND_ACK"') >= 0 && !plan.perSecond) sendOne();
  };
  if (plan.perSecond) {
    const timer = setInterval(() => (sent >= plan.messages ? clearInterval(timer) : sendOne()), 1_000 / plan.perSecond);
  } else for (let i = 0; i < plan.window!; i += 1) sendOne();
}
