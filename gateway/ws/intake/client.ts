import type { Socket } from "node:net";
import type { ClientSocket, ConnectionDeps, Opening } from "../socket/connection.ts";
import { UserConnection } from "../user/user-connection.ts";
import { InOrder } from "./in-order.ts";
import type { ClientSends } from "./send-queues.ts";

/** What happens to a client, for the parts above the connection. */
export interface ClientEvents {
  /** A frame is to be served. */
  received(client: Client, data: Buffer): void;
  ponged(client: Client, payload: Buffer): void;
  /** The connection begins to close: nothing more may be delivered to it. */
  left(client: Client): void;
  /** The socket is closed. */
  ended(client: Client, code: number): void;
}

/** A connection with the frames of its client that are being served. */
export class Client extends UserConnection {
  malformedFrames = 0;
  /** Frames that are being served, besides sends. */
  inService = 0;
  /** The last answer to SYNC has a continuation. */
  syncsLong = false;
  /** Set with the first send. */
  sends: ClientSends | undefined = undefined;
  #events: ClientEvents;
  /** Set with the first frame that changes something. */
  #inOrder: InOrder | undefined = undefined;

  constructor(
    deps: ConnectionDeps,
    events: ClientEvents,
    ws: ClientSocket,
    socket: Socket,
    id: string,
    opening: Opening,
  ) {
    super(deps, ws, socket, id, opening);
    this.#events = events;
  }

  /** Frames that have no answer yet. */
  get isAwaitingAnswers(): boolean {
    return this.inService > 0 || (this.sends?.inFlight ?? 0) > 0;
  }

  /** Frames that concern the same thing (`keys`) take effect in the order in which they came. */
  runInOrder<T>(keys: readonly string[], work: () => Promise<T>): Promise<T> {
    this.#inOrder ??= new InOrder();
    return this.#inOrder.run(keys, work);
  }

  protected override received(data: Buffer): void {
    this.#events.received(this, data);
  }

  protected override ponged(payload: Buffer): void {
    this.#events.ponged(this, payload);
  }

  protected override left(): void {
    this.#events.left(this);
  }

  protected override ended(code: number): void {
    this.#events.ended(this, code);
  }
}
