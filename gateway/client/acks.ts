// MESSAGE_ACK: acknowledges what this device has received, so that the server does not push it again.
// Only messages that this socket brought are acknowledged on it: those that came by SYNC say nothing of what the server
// has pushed here.
import type { ClientLimits } from "./base/limits.ts";
import type { PlatformClock } from "./base/platform.ts";
import type { ClientFrame } from "./base/wire.ts";

export class Acks {
  readonly #send: (frame: ClientFrame) => boolean;
  readonly #clock: PlatformClock;
  readonly #limits: Pick<ClientLimits, "ackEveryMs" | "maxUnacked">;
  /** Conversation → newest seq; an acknowledgement is cumulative. */
  readonly #seqs = new Map<string, { seq: number; version: number | undefined }>();
  #messages = 0;
  #cancel: (() => void) | undefined;

  constructor(
    send: (frame: ClientFrame) => boolean,
    clock: PlatformClock,
    limits: Pick<ClientLimits, "ackEveryMs" | "maxUnacked">,
  ) {
    this.#send = send;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** `version`: everything up to it is held, changes of older messages included; undefined when that is not known. */
  note(sessionId: string, seq: number, version: number | undefined): void {
    const known = this.#seqs.get(sessionId);
    this.#seqs.set(sessionId, { seq: Math.max(seq, known?.seq ?? 0), version: version ?? known?.version });
    this.#messages += 1;
    if (this.#messages >= this.#limits.maxUnacked) this.flush();
    else this.#cancel ??= this.#clock.after(this.#limits.ackEveryMs, () => this.flush());
  }

  flush(): void {
    for (const [sessionId, { seq, version }] of this.#seqs) {
      this.#send({ type: "MESSAGE_ACK", data: { sessionId, seq, version } });
    }
    this.forget();
  }

  /** The socket is gone: what it brought unacknowledged is pushed again. */
  forget(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#seqs.clear();
    this.#messages = 0;
  }
}
