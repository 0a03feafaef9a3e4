// A device of a benchmark: the client's outbox and acks on a light socket. After a disconnect it connects to the next gateway
// at once, and does not sync there, because a SYNC at every connect would be measured together with the pauses of sends.
import { Acks } from "../../../gateway/client/acks.ts";
import { defaultClientLimits } from "../../../gateway/client/base/limits.ts";
import { globalPlatform } from "../../../gateway/client/base/platform.ts";
import type { ClientFrame, Message, ServerFrame } from "../../../gateway/client/base/wire.ts";
import { Outbox } from "../../../gateway/client/outbox.ts";
import type { LiteSocket } from "./lite-socket.ts";
import { type BenchUser, connectUser, type Place } from "./people.ts";

const againMs = 20;
const limits = {
  ...defaultClientLimits,
  maxUnsent: 100_000,
  maxSendsInFlight: 256,
  resendPauseMsMin: againMs,
  resendPauseMsMax: againMs,
};
const platform = globalPlatform();

export class Device {
  /** ERROR frames, by code. */
  readonly errors: Map<string, number>;
  reconnects = 0;
  /** Sends that a closing socket left without an answer. */
  unanswered = 0;
  readonly #place: Place;
  readonly #user: BenchUser;
  readonly #outbox: Outbox;
  readonly #acks: Acks;
  #at: number;
  #socket: LiteSocket | undefined;
  #sent = 0;

  private constructor(place: Place, user: BenchUser, at: number, errors: Map<string, number>) {
    this.#place = place;
    this.#user = user;
    this.#at = at;
    this.errors = errors;
    const send = (frame: ClientFrame) => this.#transmit(frame);
    const problem = (error: Error) => {
      throw error;
    };
    this.#outbox = new Outbox({ send, platform, limits, problem });
    this.#acks = new Acks(send, platform.clock, limits);
  }

  static async connect(place: Place, user: BenchUser, at: number, errors: Map<string, number>): Promise<Device> {
    const device = new Device(place, user, at, errors);
    await device.#connect();
    return device;
  }

  /** Sends a message; resolves when it is acknowledged, after any number of attempts. */
  async send(conversationId: string): Promise<void> {
    this.#sent += 1;
    const content = `message ${this.#sent} ${"x".repeat(100)}`;
    const msgId = `${this.#user.deviceId}-${this.#sent}`;
    await this.#outbox.send({ sessionId: conversationId, contentType: "text", content }, msgId);
  }

  async #connect(): Promise<void> {
    const socket = await connectUser(this.#place, this.#user, "&sync=client", this.#at);
    socket.onFrame = (payload) => this.#take(JSON.parse(payload.toString()) as ServerFrame);
    socket.onClose = () => {
      if (this.#socket !== socket) return; // called twice: for the close frame and for the end of the connection
      this.#socket = undefined;
      socket.close();
      this.reconnects += 1;
      this.unanswered += this.#outbox.size;
      this.#outbox.lost();
      this.#acks.forget();
      void this.#comeBack();
    };
    this.#socket = socket;
    this.#outbox.open();
  }

  async #comeBack(): Promise<void> {
    for (;;) {
      this.#at += 1;
      try {
        return await this.#connect();
      } catch {
        await new Promise((resolve) => setTimeout(resolve, againMs)); // the host is away: try the next gateway
      }
    }
  }

  #transmit(frame: ClientFrame): boolean {
    this.#socket?.send(JSON.stringify(frame));
    return this.#socket !== undefined;
  }

  #take(frame: ServerFrame): void {
    if (frame.type === "ERROR") {
      const name = String(frame.code);
      this.errors.set(name, (this.errors.get(name) ?? 0) + 1);
    }
    if (this.#outbox.take(frame) || frame.type !== "NEW_MESSAGE") return;
    const { sessionId, seq } = frame.data as unknown as Message;
    this.#acks.note(sessionId, seq, undefined);
  }
}
