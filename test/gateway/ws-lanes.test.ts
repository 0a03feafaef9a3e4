// What waits for a slow socket: urgent frames overtake the others, and nothing else changes its place.
import test from "ava";
import { defaultGatewayLimits } from "../../gateway/limits.ts";
import { Outbound } from "../../gateway/ws/socket/outbound.ts";
import { Writer } from "../../gateway/ws/socket/writer.ts";
import { Frame } from "../../gateway/ws/wire/frame.ts";
import { until } from "../suites/eventually.ts";
import { createSeededRandom } from "../support/seeded-random.ts";
import { startWorld } from "../support/ws-world.ts";

/** A socket that buffers like Node's: it asks to wait from 64 KiB on, until the network has taken all. */
class SlowSocket {
  writable = true;
  writableCorked = 0;
  writableLength = 0;
  writableNeedDrain = false;
  taken = "";
  #buffered: Buffer[] = [];

  write(bytes: Buffer): boolean {
    this.#buffered.push(bytes);
    this.writableLength += bytes.length;
    if (this.writableLength >= 64 * 1024) this.writableNeedDrain = true;
    return !this.writableNeedDrain;
  }
  uncork(): void {}
  /** The network takes everything. */
  drain(): void {
    this.taken += Buffer.concat(this.#buffered).toString("latin1");
    this.#buffered = [];
    this.writableLength = 0;
    this.writableNeedDrain = false;
  }
}

function slowConnection() {
  const socket = new SlowSocket();
  const lease = { isHeld: true };
  const due: (() => void)[] = [];
  const writer = new Writer({
    clock: { soon: (work: () => void) => due.push(work) } as never,
    lease: { isHeld: () => lease.isHeld } as never,
    metrics: { framesOut: () => {} } as never,
    limits: { ...defaultGatewayLimits, maxOutboundBytes: 4 * 1024 * 1024 },
  });
  const connection = {
    outbound: new Outbound(),
    ...{ socket, deflates: false, isClosing: false, isHeldBack: false, closedWith: 0 },
    get outstandingBytes(): number {
      return connection.outbound.byteCount + socket.writableLength;
    },
    close: ({ code }: { code: number }) => {
      connection.isClosing = true;
      connection.closedWith = code;
    },
    written: () => {},
    awaitDrain: () => {
      connection.isHeldBack = true;
    },
  };
  return {
    ...{ connection, writer, socket, lease },
    tick: () => {
      for (const work of due.splice(0)) work();
    },
    drain: () => {
      socket.drain();
      if (!connection.isHeldBack) return;
      connection.isHeldBack = false;
      writer.resume(connection as never);
    },
  };
}

/** `frames` as the client reads them: each is `<name>:<number>` and padding. */
function readFrames(taken: string): string[] {
  return [...taken.matchAll(/<([a-z]+\d*:\d+)>/g)].map(([, name]) => name!);
}

for (let seed = 1; seed <= 60; seed += 1) {
  test(`random history ${seed}: each conversation and the urgent lane keep their order, nothing is lost or repeated`, (t) => {
    const random = createSeededRandom(seed);
    const { connection, writer, socket, lease, tick, drain } = slowConnection();
    const counts = new Map<string, number>();
    const frameOf = (lane: string) => {
      const number = (counts.get(lane) ?? 0) + 1;
      counts.set(lane, number);
      return new Frame(`<${lane}:${number}>${"x".repeat(random.below(30_000))}`);
    };
    for (let step = 0; step < 200; step += 1) {
      const what = random.below(10);
      if (what < 5) writer.send(connection as never, frameOf(`chat${random.below(4)}`));
      else if (what < 7) writer.sendUrgent(connection as never, frameOf("urgent"));
      else if (what === 7) tick();
      else if (what === 8) drain();
      else {
        lease.isHeld = !lease.isHeld;
        if (lease.isHeld) writer.flush();
      }
    }
    lease.isHeld = true;
    writer.flush();
    for (let i = 0; i < 200; i += 1) {
      tick();
      drain();
    }
    t.is(connection.closedWith, 0);
    t.true(connection.outbound.isEmpty);
    const seen = readFrames(socket.taken);
    for (const [lane, count] of counts) {
      const own = seen.filter((name) => name.startsWith(`${lane}:`));
      t.deepEqual(
        own,
        Array.from({ length: count }, (_, i) => `${lane}:${i + 1}`),
      );
    }
  });
}

test("an urgent frame waits for what the network is taking, and for no more", (t) => {
  const { connection, writer, socket, tick, drain } = slowConnection();
  const message = (n: number) => new Frame(`<chat:${n}>${"x".repeat(10_000)}`);
  for (let n = 1; n <= 60; n += 1) writer.send(connection as never, message(n));
  tick();
  writer.sendUrgent(connection as never, new Frame("<call:1>"));
  for (let i = 0; i < 40; i += 1) drain();
  const seen = readFrames(socket.taken);
  t.is(seen.length, 61);
  t.true(seen.indexOf("call:1") <= 10, `${seen.indexOf("call:1")} messages were before the call`);
});

test("a socket that takes nothing is closed at the limit, in either lane", (t) => {
  for (const way of ["send", "sendUrgent"] as const) {
    const { connection, writer, tick } = slowConnection();
    for (let n = 1; n <= 600 && !connection.isClosing; n += 1) {
      writer[way](connection as never, new Frame("x".repeat(10_000)));
      tick();
    }
    t.is(connection.closedWith, 4008);
  }
});

test("a call rings on a device that reads slowly before the messages that wait for it, which keep their order", async (t) => {
  await using edge = await startWorld({ maxUnacked: 5_000, maxOutboundBytes: 64 * 1024 * 1024 });
  const chat = edge.world.conversation("s_1_2", ["1", "2"]);
  const bob = await edge.device("2");
  bob.socket.pause();
  const big = "x".repeat(20_000);
  // Kernel buffers take the first ones; the rest waits here.
  for (let n = 1; n <= 600; n += 1) {
    chat.says("1", `${n} ${big}`);
    if (n % 40 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const nowMs = Date.now();
  const call = { callId: "c1", roomName: "call-c1", callType: "audio", callerId: "1", calleeId: "2" };
  const ring = { callerName: "Ana", callerAvatar: "", startedAt: nowMs, ringUntil: nowMs + 60_000, timestamp: nowMs };
  edge.world.publish({
    ...{ type: "livekit.call_invite", target: { users: ["2"] }, atMs: nowMs, frame: "NOTIFICATION" },
    data: { sessionId: "s_1_2", ...call, ...ring },
  });
  bob.socket.resume();
  await until(() => bob.closeCode !== undefined || bob.seen("NEW_MESSAGE").length === 600);
  t.is(bob.closeCode, undefined);
  t.deepEqual(
    bob.seen("NEW_MESSAGE").map(({ data }) => data.seq),
    Array.from({ length: 600 }, (_, i) => i + 1),
  );
  const at = bob.frames.findIndex(({ data }) => data.type === "livekit.call_invite");
  t.true(at > 0 && at < bob.frames.length - 1, `the call was frame ${at} of ${bob.frames.length}`);
});

test("typing, presence and progress are dropped while much waits for a slow socket, and no message is", (t) => {
  const { connection, writer, socket, tick, drain } = slowConnection();
  const low = (number: number) => writer.sendLow(connection as never, new Frame(`<typing:${number}>`));
  low(1);
  for (let number = 1; number <= 3; number += 1) {
    writer.send(connection as never, new Frame(`<chat:${number}>${"x".repeat(40_000)}`));
  }
  low(2);
  for (let i = 0; i < 10; i += 1) {
    tick();
    drain();
  }
  low(3);
  tick();
  drain();
  t.deepEqual(readFrames(socket.taken), ["typing:1", "chat:1", "chat:2", "chat:3", "typing:3"]);
  t.is(connection.closedWith, 0);
});
