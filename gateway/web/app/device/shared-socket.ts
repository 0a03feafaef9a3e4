// One socket for all tabs of a browser: the server keeps one of a device. The tab that holds the lock has the real socket, and
// passes frames on; another tab takes over when that tab is closed. A browser without locks gives each tab a socket of its own,
// and the server ends the older one.
import type { PlatformSocket } from "../../../client/base/platform.ts";

/** A message between tabs. `to` is a tab; a frame without it goes to every tab but the one that has the socket. */
type Note =
  | { readonly kind: "join"; readonly from: string }
  | { readonly kind: "joined"; readonly to: string; readonly ack: string }
  | { readonly kind: "send"; readonly from: string; readonly text: string }
  | { readonly kind: "frame"; readonly to?: string; readonly text: string }
  | { readonly kind: "closed"; readonly code: number; readonly reason: string };

type Open = (url: string, protocols: readonly string[]) => PlatformSocket;

const name = "parley.web.socket";
/** A tab that has the socket answers within so long; otherwise it is gone. */
const joinMs = 2_000;
/** Frames whose answers are on their way; of one more the oldest is forgotten, and its answer goes to every tab. */
const maxAsked = 1_000;
const brokenCode = 1006;
const openState = 1;
const closedState = 3;

/** `open` makes a real socket. */
export function createSharedSockets(open: Open): Open {
  const hasTabs = "locks" in navigator && "BroadcastChannel" in globalThis;
  if (!hasTabs) return open;
  return (url, protocols) => new SharedSocket(() => open(url, protocols));
}

class SharedSocket implements PlatformSocket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  readyState = 0;
  readonly #tab = [...crypto.getRandomValues(new Uint32Array(2))].join("-");
  readonly #channel = new BroadcastChannel(name);
  readonly #abort = new AbortController();
  /** The real socket, in the tab that has it. */
  #real: PlatformSocket | undefined;
  #ack: string | undefined;
  /** msgId → the tab that asked. */
  readonly #asked = new Map<string, string>();
  #release: () => void = () => {};
  readonly #left = () => this.#post({ kind: "closed", code: brokenCode, reason: "" });

  constructor(open: () => PlatformSocket) {
    this.#channel.onmessage = ({ data }) => this.#hear(data as Note);
    void this.#begin(open).catch(() => this.#end(brokenCode, ""));
  }

  send(text: string): void {
    if (this.#real) {
      this.#real.send(text);
      this.#ask(text, this.#tab);
    } else if (frameOf(text).type === "AUTH") this.#deliver(this.#ack ?? "");
    else this.#post({ kind: "send", from: this.#tab, text });
  }

  close(code = 1000): void {
    if (this.#real) this.#real.close(code);
    else this.#end(code, "");
  }

  terminate(): void {
    this.#real?.close();
    this.#end(brokenCode, "");
  }

  async #begin(open: () => PlatformSocket): Promise<void> {
    const isFirst = await this.#lock({ ifAvailable: true });
    if (this.readyState === closedState) return this.#release();
    if (isFirst) this.#lead(open());
    else this.#follow();
  }

  /** True: this tab holds the lock until `#release`. */
  #lock(options: LockOptions): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>();
    navigator.locks
      .request(name, options, (lock) => {
        resolve(lock !== null);
        if (lock) return new Promise<void>((release) => (this.#release = release));
      })
      .catch(reject);
    return promise;
  }

  #lead(real: PlatformSocket): void {
    this.#real = real;
    addEventListener("pagehide", this.#left);
    real.onopen = () => {
      this.readyState = openState;
      this.onopen?.();
    };
    real.onmessage = ({ data }) => this.#take(String(data));
    real.onerror = () => this.onerror?.();
    real.onclose = ({ code, reason }) => {
      this.#post({ kind: "closed", code, reason });
      this.#end(code, reason);
    };
  }

  /** Joins the tab that has the socket. When that tab is closed, the lock becomes free. */
  #follow(): void {
    this.#post({ kind: "join", from: this.#tab });
    setTimeout(() => {
      if (this.readyState === 0) this.#end(brokenCode, "");
    }, joinMs);
    this.#lock({ signal: this.#abort.signal }).then(
      () => this.#end(brokenCode, ""),
      () => {}, // this socket has ended before
    );
  }

  /** Passes on a frame of the server: an answer goes to the tab that asked, every other frame to all tabs. */
  #take(text: string): void {
    const { type, msgId } = frameOf(text);
    if (type === "CONNECT_ACK") this.#ack = text;
    const asker = this.#asked.get(msgId ?? "");
    if (msgId !== undefined) this.#asked.delete(msgId);
    if (asker !== undefined && asker !== this.#tab) this.#post({ kind: "frame", to: asker, text });
    else this.#deliver(text);
    if (asker === undefined && type !== "CONNECT_ACK" && type !== "CONNECT_ERROR") this.#post({ kind: "frame", text });
    if (type === "SEND_ACK") this.#newsFor(asker);
  }

  /** The server delivers a device none of its own messages: the other tabs are made to ask for them. */
  #newsFor(asker: string | undefined): void {
    const text = JSON.stringify({ type: "NOTIFICATION", data: { type: "sync.request", scope: "conversation" } });
    if (asker !== this.#tab) this.#deliver(text);
    this.#post({ kind: "frame", text });
  }

  #hear(note: Note): void {
    if (this.#real) {
      if (note.kind === "join" && this.#ack !== undefined && this.readyState === openState) {
        this.#post({ kind: "joined", to: note.from, ack: this.#ack });
      } else if (note.kind === "send" && this.readyState === openState) {
        this.#ask(note.text, note.from);
        this.#real.send(note.text);
      }
    } else if (note.kind === "joined" && note.to === this.#tab && this.readyState === 0) {
      this.#ack = note.ack;
      this.readyState = openState;
      this.onopen?.();
    } else if (note.kind === "frame" && (note.to ?? this.#tab) === this.#tab) this.#deliver(note.text);
    else if (note.kind === "closed") this.#end(note.code, note.reason);
  }

  #ask(text: string, tab: string): void {
    const { msgId } = frameOf(text);
    if (msgId === undefined) return;
    this.#asked.set(msgId, tab);
    if (this.#asked.size > maxAsked) this.#asked.delete(this.#asked.keys().next().value!);
  }

  #deliver(text: string): void {
    if (this.readyState === openState) this.onmessage?.({ data: text });
  }

  #post(note: Note): void {
    this.#channel.postMessage(note);
  }

  #end(code: number, reason: string): void {
    if (this.readyState === closedState) return;
    this.readyState = closedState;
    removeEventListener("pagehide", this.#left);
    this.#channel.close();
    this.#abort.abort();
    this.#release();
    this.onclose?.({ code, reason });
  }
}

function frameOf(text: string): { type?: string; msgId?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
