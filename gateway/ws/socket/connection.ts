// One socket: connecting → authenticating → syncing → open → closing. It holds little: most of ten thousand are idle.
import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { ConversationId } from "../../../actors/shared/ids.ts";
import type { Caller } from "../../auth/authenticator.ts";
import type { Listener } from "../delivery/listener.ts";
import { dispatch } from "../dispatch.ts";
import type { Edge } from "../edge.ts";
import type { SendLanes } from "../send-lanes.ts";
import { type SyncProof, takeProof } from "../user/sync-proof.ts";
import { UserVersions } from "../user/user-versions.ts";
import { type CloseCode, closeCodes } from "../wire/close-codes.ts";
import { encodeFrame } from "../wire/encode.ts";
import { Frame } from "../wire/frame.ts";
import type { VersionTable } from "../wire/version-table.ts";

/** What a client asks for in the URL of the upgrade. */
export interface Wishes {
  /** `sync=client`: nothing is pushed at connect, the client pulls by SYNC. */
  pullsItself: boolean;
  /** The newest cursor it holds. */
  cursor: number | undefined;
}

/** Frames that came before the socket may be served (hello, lease lost); more stops the reading. */
const maxInbox = 64;
/** Answers waiting for a client that goes on asking; with more its frames wait, too. */
const throttleBytes = 128 * 1024;

/** ws's own class, with room for its owner: no closure per socket. */
export class ClientSocket extends WebSocket {
  connection: Connection | undefined = undefined;
}

export class Connection {
  readonly edge: Edge;
  readonly ws: ClientSocket;
  readonly socket: Socket;
  readonly id: string;
  readonly wishes: Wishes;
  readonly deflates: boolean;
  state: "connecting" | "authenticating" | "syncing" | "open" | "closing" = "connecting";
  caller: Caller | undefined = undefined;
  /** The session actor counts it among the user's sockets: it is told when the socket is gone. */
  isCounted = false;
  /** Acks say how far the device is without a hole; false once it was told to pull by itself. */
  keepsProgress = true;
  /** It asked for what it was told to pull, and has not shown yet that it got it. */
  syncProof: SyncProof | undefined = undefined;
  lastHeardMs: number;
  /** When its user is compared with the present next; 0 = not decided. */
  compareAtMs = 0;
  /** Not pinged again before. */
  pingAtMs = 0;
  malformed = 0;
  sendsInFlight = 0;
  /** Not read, because it does not read. */
  isThrottled = false;
  pending: Buffer | Buffer[] | undefined = undefined;
  pendingBytes = 0;
  inbox: Buffer[] | undefined = undefined;
  /** Frames without version that came while syncing. */
  held: Frame[] | undefined = undefined;
  listeners: Listener[] | undefined = undefined;
  lanes: SendLanes | undefined = undefined;
  /** clientMsgIds that were acknowledged last (send-lanes.ts). */
  acked: Set<string> | undefined = undefined;
  /** Listeners that wait until the socket has taken what it was sent (pace.ts), and since when. */
  stalled: Set<Listener> | undefined = undefined;
  stalledSinceMs = 0;
  /** How far this device was told of the user's own lists. */
  readonly lists = new UserVersions();
  /** What the device held at connect, for conversations without a listener. */
  baseline: VersionTable | undefined = undefined;
  /** Conversations that its user was said to be out of: they are asked, whatever an event says, before he listens again. */
  #left: Set<ConversationId> | undefined = undefined;
  /** Whose presence it watches. */
  watched: Set<string> | undefined = undefined;

  constructor(edge: Edge, ws: ClientSocket, socket: Socket, id: string, wishes: Wishes) {
    this.edge = edge;
    this.ws = ws;
    this.socket = socket;
    this.id = id;
    this.wishes = wishes;
    this.deflates = ws.extensions !== "";
    this.lastHeardMs = edge.elapsedMs();
    ws.connection = this;
    ws.on("message", onMessage);
    ws.on("ping", onPing);
    ws.on("pong", onPong);
    ws.on("close", onClose);
    ws.on("error", onError);
  }

  noteLeft(conversationId: ConversationId): void {
    this.#left ??= new Set();
    this.#left.add(conversationId);
  }

  hasLeft(conversationId: ConversationId): boolean {
    return this.#left?.has(conversationId) ?? false;
  }

  get isServed(): boolean {
    return this.state === "open" || this.state === "syncing";
  }

  send(json: string): void {
    this.edge.writer.send(this, new Frame(json));
  }

  sendError(thrown: unknown, msgId?: string): void {
    const { data, ...head } = this.edge.envelopes.errorFrame(thrown, msgId);
    this.send(encodeFrame("ERROR", data, head));
  }

  receive(data: Buffer): void {
    if (this.state === "closing") return;
    this.lastHeardMs = this.edge.elapsedMs();
    const isReady = this.state !== "authenticating" && this.inbox === undefined;
    if (isReady && this.edge.deps.lease.isHeld()) {
      dispatch(this, data);
      if (this.pendingBytes + this.socket.writableLength > throttleBytes && !this.isThrottled) this.#throttle();
      return;
    }
    this.inbox ??= [];
    this.inbox.push(Buffer.from(data)); // a copy: the original is a view of a larger one
    if (this.inbox.length >= maxInbox) this.ws.pause();
  }

  /** Who does not read his answers is not read either, before he is closed as slow. */
  #throttle(): void {
    this.isThrottled = true;
    this.ws.pause();
    if (this.pendingBytes === 0) this.written();
  }

  /** What was pending is with the socket: a throttled client is read again when little of it is left. */
  written(): void {
    if (this.socket.writableLength > throttleBytes) this.socket.once("drain", () => this.#unthrottle());
    else this.#unthrottle();
  }

  #unthrottle(): void {
    if (!this.isThrottled) return;
    this.isThrottled = false;
    if (this.inbox === undefined && this.edge.deps.lease.isHeld()) this.ws.resume();
  }

  /** Whether frames wait, or the socket is not read, though nothing is in the way any more. */
  get isHeldUp(): boolean {
    if (this.state === "authenticating" || this.state === "closing") return false;
    return this.inbox !== undefined || (this.ws.isPaused && !this.isThrottled);
  }

  /** Serves what had to wait. */
  drainInbox(): void {
    if (this.edge.isDraining) return;
    const { inbox } = this;
    this.inbox = undefined;
    for (const data of inbox ?? []) this.receive(data);
    if (this.ws.isPaused && this.inbox === undefined) this.ws.resume();
  }

  close(code: CloseCode): void {
    if (this.state === "closing") return;
    if (code === closeCodes.slow) {
      this.pending = undefined;
      this.pendingBytes = 0;
    } else this.edge.writer.finish(this);
    if (this.#isClosing()) return; // it turned out to be slow while finishing
    this.state = "closing";
    this.edge.hub.leave(this);
    // The client's close frame must be read, even if nothing else is.
    if (this.ws.isPaused) this.ws.resume();
    if (this.socket.writableCorked > 0) this.socket.uncork();
    // Without the lease not even a close frame is written.
    if (this.edge.deps.lease.isHeld()) this.ws.close(code.code, code.reason);
    else this.ws.terminate();
  }

  #isClosing(): boolean {
    return this.state === "closing";
  }

  /** The socket is gone. */
  closed(code: number): void {
    if (this.state !== "closing") {
      this.state = "closing";
      this.edge.hub.leave(this);
    }
    // What waits for the lease goes nowhere any more.
    this.pending = undefined;
    this.pendingBytes = 0;
    this.edge.hub.remove(this);
    this.edge.deps.metrics.closed(code);
    this.ws.connection = undefined;
  }
}

function onMessage(this: WebSocket, data: WebSocket.RawData, isBinary: boolean): void {
  const { connection } = this as ClientSocket;
  // A binary frame is never valid UTF-8 JSON here: an empty one is refused as malformed like any other.
  connection?.receive(isBinary ? Buffer.alloc(0) : (data as Buffer));
}

function onPing(this: WebSocket, data: Buffer): void {
  const { connection } = this as ClientSocket;
  if (connection === undefined || connection.state === "closing") return;
  connection.lastHeardMs = connection.edge.elapsedMs();
  if (connection.edge.deps.lease.isHeld() && connection.socket.writableLength === 0) this.pong(data);
}

function onPong(this: WebSocket, data: Buffer): void {
  const { connection } = this as ClientSocket;
  if (connection === undefined) return;
  connection.lastHeardMs = connection.edge.elapsedMs();
  if (connection.syncProof !== undefined) takeProof(connection, data);
}

function onClose(this: WebSocket, code: number): void {
  (this as ClientSocket).connection?.closed(code);
}

/** ws has sent the close code already (1002, 1007, 1009), or the network failed: "close" follows. */
function onError(this: WebSocket, cause: Error): void {
  const { connection } = this as ClientSocket;
  connection?.edge.deps.log.info("socket failed", { connectionId: connection.id, cause: cause.message });
}
