import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";
import test from "ava";
import { createSlowBodies } from "../../gateway/http/slow-bodies.ts";

/** A body that has come up to the byte `socket.bytesRead`, and a clock that is turned by hand. */
class Line {
  readonly socket = { bytesRead: 200 };
  readonly ended: unknown[] = [];
  readonly request: IncomingMessage;
  #nowMs = 0;
  #timers: { atMs: number; act: () => void }[] = [];

  constructor(headers: Record<string, string>) {
    const request = Object.assign(new EventEmitter(), {
      headers,
      socket: this.socket,
      complete: false,
      destroyed: false,
    });
    this.request = request as unknown as IncomingMessage;
  }

  /** Most bodies are complete by the next tick. */
  async watched(): Promise<this> {
    const after = (ms: number, act: () => void) => {
      const timer = { atMs: this.#nowMs + ms, act };
      this.#timers.push(timer);
      return () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      };
    };
    createSlowBodies({ after }, (socket) => this.ended.push(socket)).watch(this.request);
    await new Promise((resolve) => setImmediate(resolve));
    return this;
  }

  get timers(): number {
    return this.#timers.length;
  }

  passes(seconds: number, bytesPerSecond = 0): void {
    for (let second = 0; second < seconds; second += 1) {
      this.#nowMs += 1_000;
      this.socket.bytesRead += bytesPerSecond;
      const due = this.#timers.filter(({ atMs }) => atMs <= this.#nowMs);
      this.#timers = this.#timers.filter((timer) => !due.includes(timer));
      for (const { act } of due) act();
    }
  }
}

test("a body that stands still is ended after half a minute, once", async (t) => {
  const shapes: Record<string, string>[] = [{ "content-length": "20" }, { "transfer-encoding": "chunked" }];
  for (const headers of shapes) {
    const line = await new Line(headers).watched();
    line.passes(29);
    t.deepEqual(line.ended, []);
    line.passes(120);
    t.deepEqual(line.ended, [line.socket]);
  }
});

test("a body that trickles is ended soon after", async (t) => {
  const line = await new Line({ "content-length": "1000000" }).watched();
  line.passes(60, 100);
  t.deepEqual(line.ended, [line.socket]);
});

test("a large body over a slow line is waited for as long as it comes", async (t) => {
  const line = await new Line({ "content-length": String(20 * 1_048_576) }).watched();
  line.passes(600, 35_000);
  t.deepEqual(line.ended, []);
  line.passes(120);
  t.deepEqual(line.ended, [line.socket]);
});

test("a body that is there, one that ended, and a request without a body are not watched", async (t) => {
  t.is((await new Line({}).watched()).timers, 0);
  t.is((await new Line({ "content-length": "0" }).watched()).timers, 0);
  const whole = new Line({ "content-length": "20" });
  Object.assign(whole.request, { complete: true });
  t.is((await whole.watched()).timers, 0);
  const ends = await new Line({ "content-length": "20" }).watched();
  ends.request.emit("close");
  t.is(ends.timers, 0);
});
