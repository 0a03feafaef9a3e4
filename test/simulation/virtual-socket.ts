// One socket between a device and a gateway, as TCP makes it: bytes arrive in order or not at all. A cut link ends the socket
// for the device; the gateway notices the silence, or the device closes it.
import type { Socket } from "node:net";
import type { SocketGateway } from "../../gateway/ws/assemble.ts";
import type { ClientSocket, Connection } from "../../gateway/ws/socket/connection.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";

// biome-ignore lint/suspicious/noExplicitAny: clients read fields of any frame
export type ServerFrame = { type: string; data: any };

/** What the device gets. */
export interface SocketHandlers {
  frame(frame: ServerFrame): void;
  closed(): void;
}

export class VirtualSocket {
  readonly id: string;
  isOver = false;
  /** The gateway wrote CONNECT_ACK. */
  isAcknowledged = false;
  readonly #network: Network;
  readonly #machine: Machine;
  readonly #device: string;
  readonly #handlers: SocketHandlers;
  readonly #connection: Connection;
  readonly #onWrite: (socket: VirtualSocket, frame: ServerFrame) => void;
  #downAtMs = 0;
  #upAtMs = 0;

  constructor(made: {
    id: string;
    gateway: Pick<SocketGateway, "accept">;
    network: Network;
    machine: Machine;
    device: string;
    token: string;
    handlers: SocketHandlers;
    onWrite(socket: VirtualSocket, frame: ServerFrame): void;
  }) {
    this.id = made.id;
    this.#network = made.network;
    this.#machine = made.machine;
    this.#device = made.device;
    this.#handlers = made.handlers;
    this.#onWrite = made.onWrite;
    const opening = { wishes: { pullsItself: false, cursor: undefined, language: "en" as const }, claim: {} };
    this.#connection = made.gateway.accept(this.#ws(), this.#socket(), made.id, opening, made.token);
  }

  /** Sends a frame from the device. */
  send(frame: object): void {
    const bytes = Buffer.from(JSON.stringify(frame));
    this.#up(() => this.#connection.receive(bytes));
  }

  /** The device closes the socket; the gateway may never learn of it. */
  leave(): void {
    this.isOver = true;
    this.#up(() => this.#connection.closed(1006));
  }

  #up(arrive: () => void): void {
    const { host, world } = this.#machine;
    if (this.#network.isCut(this.#device, host)) return;
    this.#upAtMs = Math.max(this.#upAtMs, world.nowMs + world.random.between(0.1, 3));
    world.after(this.#upAtMs - world.nowMs, () => this.#machine.enter(arrive));
  }

  #down(arrive: () => void): void {
    const { host, world } = this.#machine;
    if (this.#network.isCut(host, this.#device)) this.isOver = true; // the device notices by silence
    this.#downAtMs = Math.max(this.#downAtMs, world.nowMs + world.random.between(0.1, 3));
    world.after(this.#downAtMs - world.nowMs, () => {
      if (!this.isOver) arrive();
    });
  }

  #ws(): ClientSocket {
    const end = (): void => {
      this.#down(() => this.#handlers.closed());
      this.#machine.world.after(1, () => this.#machine.enter(() => this.#connection.closed(1000)));
    };
    const ws = { extensions: "", isPaused: false, connection: undefined, on: () => ws, close: end, terminate: end };
    const pause = () => {
      ws.isPaused = true;
    };
    const resume = () => {
      ws.isPaused = false;
    };
    return Object.assign(ws, { pause, resume }) as unknown as ClientSocket;
  }

  #socket(): Socket {
    const write = (bytes: Buffer): boolean => {
      for (const frame of framesIn(bytes)) {
        this.#onWrite(this, frame);
        this.#down(() => this.#handlers.frame(frame));
      }
      return true;
    };
    const quiet = () => {};
    return {
      writable: true,
      writableLength: 0,
      writableCorked: 0,
      write,
      once: quiet,
      uncork: quiet,
    } as unknown as Socket;
  }
}

/** Text frames of one write; pings are left out. */
function framesIn(bytes: Buffer): ServerFrame[] {
  const frames: ServerFrame[] = [];
  for (let at = 0; at < bytes.length; ) {
    const isText = bytes[at] === 0x81;
    let length = bytes[at + 1] ?? 0;
    at += 2;
    if (length === 126) {
      length = bytes.readUInt16BE(at);
      at += 2;
    } else if (length === 127) {
      length = Number(bytes.readBigUInt64BE(at));
      at += 8;
    }
    if (isText) frames.push(JSON.parse(bytes.toString("utf8", at, at + length)) as ServerFrame);
    at += length;
  }
  return frames;
}
