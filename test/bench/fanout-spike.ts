// Measures the WebSocket gateway alone, without journal and actors: CPU time of a delivery to a group, memory of an idle
// connection, CPU time of a connect. `node test/bench/fanout-spike.ts [members] [idle]`; the server runs in a process of its
// own.
import { fork } from "node:child_process";
import { once } from "node:events";
import { startWorld } from "../support/ws-world.ts";
import { type LiteSocket, openLiteSocket } from "./load/lite-socket.ts";
import { cpuMicros, residentBytes } from "./measure.ts";

const roomId = "g_9";
const ackEvery = 64;

if (process.argv[2] === "serve") await serve(Number(process.argv[3]));
else await measure(Number(process.argv[2] ?? 1_000), Number(process.argv[3] ?? 10_000));

async function serve(members: number): Promise<void> {
  const edge = await startWorld({ maxConnections: 50_000 });
  edge.world.isRecording = false;
  const ids = Array.from({ length: members }, (_, i) => String(i + 1));
  edge.world.conversation(roomId, ids, "conversation");
  process.on("message", (count: number) => {
    process.send?.({
      tokens: Array.from({ length: count }, (_, i) => edge.tokenOf(String(i + 1), `device-${i + 1}`)),
    });
  });
  process.on("disconnect", () => process.exit());
  process.send?.({ port: edge.port });
}

async function measure(members: number, idle: number): Promise<void> {
  const server = fork(import.meta.filename, ["serve", String(members)], {});
  const { pid } = server;
  if (pid === undefined) throw new Error("the server did not start");
  const [{ port }] = (await once(server, "message")) as [{ port: number }];
  server.send(Math.max(members, idle));
  const [{ tokens }] = (await once(server, "message")) as [{ tokens: string[] }];
  const rows: Record<string, Record<string, number>> = {};
  const only = process.env.ONLY;
  const group = tokens.slice(0, members);
  if (!only || only === "loaded") rows.loaded = await fanOut(port, pid, group, { window: 32, messages: 3_000 });
  if (!only || only === "paced") rows.paced = await fanOut(port, pid, group, { window: 0, messages: 75 });
  if (!only || only === "idle") Object.assign(rows, await idleConnections(port, pid, tokens.slice(members, idle)));
  console.table(rows);
  server.disconnect();
}

/** `window` 0 sends 5 messages a second. */
async function fanOut(port: number, pid: number, tokens: string[], load: { window: number; messages: number }) {
  const seqs: number[] = [];
  const timers: NodeJS.Timeout[] = [];
  const sockets = await openAll(port, tokens);
  let received = 0;
  sockets.forEach((socket, i) => {
    seqs[i] = 0;
    let last = 0;
    socket.onFrame = (payload) => {
      if (!payload.includes('"NEW_MESSAGE"')) return;
      received += 1;
      last = seqOf(payload);
      seqs[i] = (seqs[i] ?? 0) + 1;
      if (load.window > 0 && seqs[i]! % ackEvery === 0) ack(socket, last);
    };
    if (load.window === 0) timers.push(setTimeout(() => timers.push(setInterval(() => ack(socket, last), 1_000)), i));
  });
  const sender = sockets[0]!;
  let sent = 0;
  let acked = 0;
  const done = Promise.withResolvers<void>();
  const count = sender.onFrame;
  sender.onFrame = (payload) => {
    if (payload.includes('"SEND_ACK"')) {
      acked += 1;
      if (acked === load.messages) done.resolve();
      else if (load.window > 0 && sent < load.messages) say();
    } else count(payload);
  };
  const say = () => {
    sent += 1;
    const data = { sessionId: roomId, contentType: "text", content: "x".repeat(100) };
    sender.send(JSON.stringify({ type: "SEND_MESSAGE", msgId: `${process.hrtime.bigint()}`, data }));
  };
  const before = cpuMicros(pid);
  const startMs = performance.now();
  if (load.window > 0) for (let i = 0; i < load.window; i += 1) say();
  else for (let i = 0; i < load.messages; i += 1) setTimeout(say, i * 200);
  await done.promise;
  const expected = load.messages * (tokens.length - 1);
  for (const endMs = performance.now() + 20_000; received < expected && performance.now() < endMs; ) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const spentMs = performance.now() - startMs;
  const micros = cpuMicros(pid) - before;
  for (const timer of timers) clearTimeout(timer);
  for (const socket of sockets) socket.close();
  await new Promise((resolve) => setTimeout(resolve, 500));
  return {
    "µs per delivery": Number((micros / received).toFixed(2)),
    deliveries: received,
    missing: expected - received,
    "per second": Math.round((received / spentMs) * 1_000),
  };
}

async function idleConnections(port: number, pid: number, tokens: string[]) {
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  const bytesBefore = residentBytes(pid);
  const before = cpuMicros(pid);
  const sockets = await openAll(port, tokens);
  const micros = cpuMicros(pid) - before;
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const bytes = residentBytes(pid) - bytesBefore;
  const idleBefore = cpuMicros(pid);
  await new Promise((resolve) => setTimeout(resolve, 10_000));
  const idleMicros = cpuMicros(pid) - idleBefore;
  for (const socket of sockets) socket.close();
  return {
    idle: {
      "KiB each": Number((bytes / tokens.length / 1_024).toFixed(2)),
      "µs per second and 1 000": idleMicros / 10 / (tokens.length / 1_000),
    },
    connects: { "µs per connect": Number((micros / tokens.length).toFixed(1)) },
  };
}

async function openAll(port: number, tokens: string[]): Promise<LiteSocket[]> {
  const sockets: LiteSocket[] = [];
  for (let i = 0; i < tokens.length; i += 50) {
    const part = tokens.slice(i, i + 50).map(async (token) => {
      const socket = await openLiteSocket(port, `/ws?token=${token}`);
      const { promise, resolve } = Promise.withResolvers<void>();
      socket.onFrame = () => resolve();
      await promise;
      return socket;
    });
    sockets.push(...(await Promise.all(part)));
  }
  return sockets;
}

function seqOf(payload: Buffer): number {
  return Number(/"seq":(\d+)/.exec(payload.toString("latin1"))?.[1] ?? 0);
}

function ack(socket: LiteSocket, seq: number): void {
  if (seq > 0) socket.send(`{"type":"MESSAGE_ACK","sessionId":"${roomId}","seq":${seq}}`);
}
