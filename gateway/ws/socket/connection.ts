// One socket: its state, the frames that wait to be served, and the bytes that wait to be written. What a connection
// listens to, and what its user gets, is kept by subclasses in the layers above. An instance is small: of ten thousand
// sockets most are idle.
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { Clock } from "../../../actors/runtime/ports.ts";
import type { Caller } from "../../auth/authenticator.ts";
import type { Lease, Log } from "../../ports.ts";
import { type CloseCode, closeCodes } from "../wire/close-codes.ts";
import { Frame, pingBytes } from "../wire/frame.ts";
import { type ConnectionEvent, type ConnectionState, callerOf, transition } from "./connection-state.ts";
import type { ErrorFrames } from "./error-frames.ts";
import { Outbound } from "./outbound.ts";
import type { DeviceClaim, Wishes } from "./upgrade.ts";
import type { Writer } from "./writer.ts";

/** What the upgrade request said. */
export interface Opening {
  readonly wishes: Wishes;
  readonly claim: DeviceClaim;
}

export interface ConnectionDeps {
  readonly writer: Writer;
  readonly clock: Pick<Clock, "soon">;
  readonly lease: Pick<Lease, "isHeld">;
  readonly log: Pick<Log, "info">;
  readonly errorFrames: ErrorFrames;
  readonly limits: { readonly maxOutboundBytes: number; readonly silenceMs: number };
  elapsedMs(): number;
  /** A draining gateway serves no more frames. */
  isDraining(): boolean;
}

/** Frames that came while the socket may not be served (handshake, lease lost); with more the socket is not read. */
const maxInbox = 64;
/** Bytes of answers waiting for a client that goes on asking; with more its frames are not read. */
const throttleBytes = 128 * 1024;

/** The class of `ws` with a field for its owner, so that no closure per socket is needed. */
export class ClientSocket extends WebSocket {
  connection: Connection | undefined = undefined;
}

export abstract class Connection {
  readonly id: string;
  readonly ws: ClientSocket;
  readonly socket: Socket;
  readonly wishes: Wishes;
  readonly deflates: boolean;
  /** Bytes that the writer will write. */
  readonly outbound = new Outbound();
  lastHeardMs: number;
  #deps: ConnectionDeps;
  #state: ConnectionState;
  #inbox: Buffer[] | undefined = undefined;
  /** The client does not read its answers, so its frames are not read. */
  #isThrottled = false;
  #nextPingMs = 0;
  /** The socket has a listener for its next "drain". */
  #awaitsDrain = false;
  /** Runs at the next "drain": a delivery that waits for room. */
  #goOn: (() => void) | undefined = undefined;

  constructor(deps: ConnectionDeps, ws: ClientSocket, socket: Socket, id: string, { wishes, claim }: Opening) {
    this.#deps = deps;
    this.ws = ws;
    this.socket = socket;
    this.id = id;
    this.wishes = wishes;
    this.deflates = ws.extensions !== "";
    this.lastHeardMs = deps.elapsedMs();
    this.#state = { kind: "connecting", sinceMs: this.lastHeardMs, claim };
    ws.connection = this;
    ws.on("message", onMessage);
    ws.on("ping", onPing);
    ws.on("pong", onPong);
    ws.on("close", onClose);
    ws.on("error", onError);
  }

  /** A frame is to be served. */
  protected abstract received(data: Buffer): void;
  protected abstract ponged(payload: Buffer): void;
  /** The connection begins to close: from now on nothing may be delivered to it. */
  protected abstract left(): void;
  /** The socket is closed. */
  protected abstract ended(code: number): void;

  get state(): ConnectionState {
    return this.#state;
  }

  get isServed(): boolean {
    return this.#state.kind === "open" || this.#state.kind === "syncing";
  }

  get isClosing(): boolean {
    return this.#state.kind === "closing";
  }

  get caller(): Caller | undefined {
    return callerOf(this.#state);
  }

  /** Empty before the token was read. */
  get userId(): string {
    return this.caller?.userId ?? "";
  }

  transition(event: ConnectionEvent): void {
    this.#state = transition(this.#state, event);
  }

  send(json: string): void {
    this.#deps.writer.send(this, new Frame(json));
  }

  /** Overtakes what waits because the client reads slowly. */
  sendUrgent(json: string): void {
    this.#deps.writer.sendUrgent(this, new Frame(json));
  }

  sendError(thrown: unknown, msgId?: string): void {
    this.#deps.errorFrames.send(this, thrown, msgId);
  }

  /** At most four in `silenceMs`, and none while bytes wait: the client answers those. */
  ping(): void {
    const nowMs = this.#deps.elapsedMs();
    if (this.#nextPingMs > nowMs || this.socket.writableLength > 0) return;
    this.#nextPingMs = nowMs + Math.ceil(this.#deps.limits.silenceMs / 4);
    this.#deps.writer.push(this, pingBytes, 1);
  }

  receive(data: Buffer): void {
    if (this.isClosing) return;
    this.lastHeardMs = this.#deps.elapsedMs();
    const isReady = this.#state.kind !== "authenticating" && this.#inbox === undefined;
    if (isReady && this.#deps.lease.isHeld()) {
      this.received(data);
      if (this.outstandingBytes > throttleBytes && !this.#isThrottled) this.#throttle();
      return;
    }
    this.#inbox ??= [];
    this.#inbox.push(Buffer.from(data)); // a copy: the original is a view of a larger buffer
    if (this.#inbox.length >= maxInbox) this.ws.pause();
  }

  /** Serves the frames that waited. */
  drainInbox(): void {
    if (this.#deps.isDraining()) return;
    const inbox = this.#inbox;
    this.#inbox = undefined;
    for (const data of inbox ?? []) this.receive(data);
    if (this.ws.isPaused && this.#inbox === undefined) this.ws.resume();
  }

  /** Frames wait, or the socket is not read, though nothing prevents it any more. */
  get isHeldUp(): boolean {
    if (this.#state.kind === "authenticating" || this.isClosing) return false;
    return this.#inbox !== undefined || (this.ws.isPaused && !this.#isThrottled);
  }

  /** Bytes that the client has not taken yet. */
  get outstandingBytes(): number {
    return this.outbound.byteCount + this.socket.writableLength;
  }

  /** Up to so many outstanding bytes more may be written at once: the rest of the buffer is for live frames. */
  get roomBytes(): number {
    return this.#deps.limits.maxOutboundBytes / 4;
  }

  get hasRoom(): boolean {
    return this.outstandingBytes < this.roomBytes;
  }

  /**
   * Runs `goOn` once there is room again; the latest one, if several wait. Without the lease nothing is written, and `goOn`
   * is not run.
   */
  awaitRoom(goOn: () => void): void {
    // After the write of this tick.
    this.#deps.clock.soon(() => {
      if (this.isClosing) return;
      if (this.hasRoom) goOn();
      else if (this.outbound.isEmpty || this.#awaitsDrain) {
        this.#goOn = goOn;
        this.awaitDrain();
      } else if (this.#deps.lease.isHeld()) this.awaitRoom(goOn);
    });
  }

  /** For the writer: what waited was handed to the socket. A throttled client is read again when little of it is left. */
  written(): void {
    if (!this.#isThrottled) return;
    if (this.outstandingBytes > throttleBytes) this.awaitDrain();
    else this.#unthrottle();
  }

  close(code: CloseCode): void {
    if (this.isClosing) return;
    if (code === closeCodes.slow) this.outbound.clear();
    else this.#deps.writer.finish(this);
    if (this.isClosing) return; // the client turned out to be slow while its last bytes were written
    this.transition({ type: "closed" });
    this.left();
    // The client's close frame must be read, even if nothing else is.
    if (this.ws.isPaused) this.ws.resume();
    if (this.socket.writableCorked > 0) this.socket.uncork();
    // Without the lease not even a close frame is written.
    if (this.#deps.lease.isHeld()) this.ws.close(code.code, code.reason);
    else this.ws.terminate();
  }

  /** The socket is closed, by either side. */
  closed(code: number): void {
    if (!this.isClosing) {
      this.transition({ type: "closed" });
      this.left();
    }
    this.outbound.clear();
    this.ended(code);
    this.ws.connection = undefined;
  }

  pinged(payload: Buffer): void {
    if (this.isClosing) return;
    this.lastHeardMs = this.#deps.elapsedMs();
    if (this.#deps.lease.isHeld() && this.socket.writableLength === 0) this.ws.pong(payload);
  }

  heardPong(payload: Buffer): void {
    this.lastHeardMs = this.#deps.elapsedMs();
    this.ponged(payload);
  }

  failed(cause: Error): void {
    this.#deps.log.info("socket: failed", { connectionId: this.id, cause: cause.message });
  }

  /** One listener for all that waits: a client that reads slowly is written to many times before its socket is empty. */
  awaitDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.socket.once("drain", () => {
      this.#awaitsDrain = false;
      this.#drained();
    });
  }

  #drained(): void {
    this.#deps.writer.resume(this);
    if (this.outstandingBytes <= throttleBytes) this.#unthrottle();
    else if (this.#isThrottled) this.awaitDrain();
    const goOn = this.#goOn;
    if (goOn === undefined) return;
    if (this.hasRoom) {
      this.#goOn = undefined;
      goOn();
    } else this.awaitDrain();
  }

  #throttle(): void {
    this.#isThrottled = true;
    this.ws.pause();
    if (this.outbound.isEmpty) this.written();
  }

  #unthrottle(): void {
    if (!this.#isThrottled) return;
    this.#isThrottled = false;
    if (this.#inbox === undefined && this.#deps.lease.isHeld()) this.ws.resume();
  }
}

function onMessage(this: WebSocket, data: WebSocket.RawData, isBinary: boolean): void {
  // A binary frame is never valid here: as an empty one it is refused as malformed.
  (this as ClientSocket).connection?.receive(isBinary ? Buffer.alloc(0) : (data as Buffer));
}

function onPing(this: WebSocket, payload: Buffer): void {
  (this as ClientSocket).connection?.pinged(payload);
}

function onPong(this: WebSocket, payload: Buffer): void {
  (this as ClientSocket).connection?.heardPong(payload);
}

function onClose(this: WebSocket, code: number): void {
  (this as ClientSocket).connection?.closed(code);
}

/** `ws` has sent the close code already (1002, 1007, 1009), or the network failed: the event "close" follows. */
function onError(this: WebSocket, cause: Error): void {
  (this as ClientSocket).connection?.failed(cause);
}
