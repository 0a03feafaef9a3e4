// The client's platform for tests: the test moves the clock and acts as the server.
import type {
  Platform,
  PlatformRequest,
  PlatformResponse,
  PlatformSocket,
} from "../../gateway/client/base/platform.ts";
import type { ClientFrame } from "../../gateway/client/base/wire.ts";

export class FakePlatform implements Platform {
  nowMs = 0;
  /** Every socket that was ever opened, oldest first. */
  readonly sockets: FakeSocket[] = [];
  readonly requests: (PlatformRequest & { url: string })[] = [];
  /** Answers REST requests; a thrown error is a broken connection. */
  answer: (request: PlatformRequest & { url: string }) => PlatformResponse | Promise<PlatformResponse> = () => {
    throw new Error("no server");
  };
  readonly clock = {
    monotonicMs: () => this.nowMs,
    after: (delayMs: number, run: () => void) => {
      const timer = { atMs: this.nowMs + delayMs, run };
      this.#timers.add(timer);
      return () => void this.#timers.delete(timer);
    },
  };
  #timers = new Set<{ atMs: number; run: () => void }>();
  #ids = 0;

  openSocket(url: string): PlatformSocket {
    const socket = new FakeSocket(url);
    this.sockets.push(socket);
    return socket;
  }
  async request(url: string, request: PlatformRequest): Promise<PlatformResponse> {
    this.requests.push({ ...request, url });
    return this.answer({ ...request, url });
  }
  random(): number {
    return 0.5;
  }
  newId(): string {
    this.#ids += 1;
    return `id-${this.#ids}`;
  }

  /** The newest socket. */
  get socket(): FakeSocket {
    const socket = this.sockets.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  }

  /** Time passes; what is due runs in order, and what it has begun goes on. */
  async passes(ms: number): Promise<void> {
    const endMs = this.nowMs + ms;
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= endMs).sort((a, b) => a.atMs - b.atMs)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.run();
      await settled();
    }
    this.nowMs = endMs;
    await settled();
  }
}

class FakeSocket implements PlatformSocket {
  readonly url: string;
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readonly sent: ClientFrame[] = [];

  constructor(url: string) {
    this.url = url;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text) as ClientFrame);
  }
  close(): void {
    this.closes(1000);
  }
  terminate(): void {
    this.readyState = 3;
  }

  /** The server takes the socket, and serves it. */
  async serves(data: object = {}): Promise<void> {
    this.readyState = 1;
    this.onopen?.();
    await this.says({ type: "CONNECT_ACK", data: { storeId: "store", ...data } });
  }
  async says(frame: object): Promise<void> {
    this.onmessage?.({ data: JSON.stringify(frame) });
    await settled();
  }
  async closes(code: number): Promise<void> {
    this.readyState = 3;
    this.onclose?.({ code, reason: "" });
    await settled();
  }
  of(type: string): ClientFrame[] {
    return this.sent.filter((frame) => frame.type === type);
  }
}

/** Everything that waits for promises only, and not for time, has run. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
