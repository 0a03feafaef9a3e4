// One connection without a network: what it keeps while its client does not read.
import { EventEmitter } from "node:events";
import test from "ava";
import { type ClientSocket, Connection, type ConnectionDeps } from "../../gateway/ws/socket/connection.ts";

class FakeSocket extends EventEmitter {
  writableLength = 1_000_000;
}

class PlainConnection extends Connection {
  readonly served: string[] = [];
  protected override received(data: Buffer): void {
    this.served.push(data.toString());
  }
  protected override ponged(): void {}
  protected override left(): void {}
  protected override ended(): void {}
}

function connect() {
  const socket = new FakeSocket();
  const due: (() => void)[] = [];
  const ws = Object.assign(new EventEmitter(), {
    extensions: "",
    isPaused: false,
    pause: () => Object.assign(ws, { isPaused: true }),
    resume: () => Object.assign(ws, { isPaused: false }),
  });
  const deps = {
    writer: { resume: () => {} },
    clock: { soon: (work: () => void) => due.push(work) },
    lease: { isHeld: () => true },
    limits: { maxOutboundBytes: 2_000_000, silenceMs: 60_000 },
    elapsedMs: () => 0,
    isDraining: () => false,
  } as unknown as ConnectionDeps;
  const opening = { wishes: { pullsItself: false, cursor: undefined, language: "en" as const }, claim: {} };
  const connection = new PlainConnection(deps, ws as unknown as ClientSocket, socket as never, "c1", opening);
  const tick = () => {
    for (const work of due.splice(0)) work();
  };
  return { socket, ws, connection, tick };
}

test("a client that does not read its answers is waited for once, however often it is written to", (t) => {
  const { socket, ws, connection } = connect();
  connection.receive(Buffer.from("first"));
  t.true(ws.isPaused);
  for (let i = 0; i < 20; i += 1) connection.written();
  t.is(socket.listenerCount("drain"), 1);
  socket.writableLength = 0;
  socket.emit("drain");
  t.false(ws.isPaused);
  t.is(socket.listenerCount("drain"), 0);
});

test("deliveries that wait for room wait for the socket once, and go on once", (t) => {
  const { socket, connection, tick } = connect();
  let count = 0;
  for (let i = 0; i < 20; i += 1) {
    connection.awaitRoom(() => {
      count += 1;
    });
    tick();
  }
  t.is(socket.listenerCount("drain"), 1);
  socket.writableLength = 0;
  socket.emit("drain");
  t.is(count, 1);
});
