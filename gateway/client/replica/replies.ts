// Answers of models while they are written: the pieces by their numbers, one text of each reply. The whole answer comes as a
// message in any case, so what is missed here is missed for a moment only.
import { BoundedMap } from "../../../actors/shared/bounded-map.ts";
import type { ClientLimits } from "../base/limits.ts";
import type { ServerFrame } from "../base/wire.ts";

export interface HeldReply {
  readonly replyId: string;
  readonly sessionId: string;
  /** The message that is answered. */
  readonly replyTo: string;
  readonly status: "running" | "completed" | "stopped" | "failed";
  /** What was written so far. After a reset it begins anew. */
  readonly text: string;
  /** Of the answer, once it is stored. */
  readonly messageId?: string;
  readonly error?: { readonly code: string; readonly message: string };
}

export interface RepliesEvents {
  /** `added`: what is new at the end of the text; undefined: the text began anew. */
  reply(reply: HeldReply, added: string | undefined): void;
}

interface RepliesDeps extends RepliesEvents {
  readonly limits: Pick<ClientLimits, "maxReplies">;
  /** Asks for the pieces after `afterSeq`. */
  attach(asked: { replyId: string; afterSeq: number; attempt: number }): void;
}

interface Running extends HeldReply {
  attempt: number;
  seq: number;
  text: string;
  /** Length of the text at each number that a frame ended with. */
  lengths: Map<number, number>;
  isAsked: boolean;
}

interface ReplyData {
  replyId: string;
  sessionId: string;
  replyTo?: string;
  attempt: number;
  seq: number;
  fromSeq?: number;
  delta: string;
}

export class Replies {
  readonly #deps: RepliesDeps;
  readonly #running: BoundedMap<string, Running>;

  constructor(deps: RepliesDeps) {
    this.#deps = deps;
    this.#running = new BoundedMap(deps.limits.maxReplies);
  }

  find(replyId: string): HeldReply | undefined {
    return this.#running.get(replyId);
  }

  take({ type, data = {} }: ServerFrame): void {
    const reply = data as unknown as ReplyData;
    if (type === "REPLY_CHUNK") this.#chunk(reply);
    else if (type === "REPLY_RESET") this.#reset(reply);
    else if (type === "REPLY_DONE") this.#done(data);
  }

  /** After a connect: pieces were missed, and what was asked for on the former socket is not answered. */
  attachAll(): void {
    for (const running of this.#running.values()) {
      running.isAsked = false;
      this.#attach(running);
    }
  }

  #chunk({ attempt, seq, fromSeq = seq, delta, ...place }: ReplyData): void {
    const running = this.#open(place);
    if (attempt < running.attempt) return;
    if (attempt > running.attempt) this.#begin(running, attempt);
    const from = running.lengths.get(fromSeq - 1);
    if (seq <= running.seq) return;
    if (from === undefined) {
      this.#attach(running);
      return;
    }
    running.isAsked = false;
    const held = running.text.length;
    running.text = running.text.slice(0, from) + delta;
    running.seq = seq;
    running.lengths.set(seq, running.text.length);
    this.#deps.reply(running, running.text.slice(held));
  }

  #reset({ attempt, ...place }: ReplyData): void {
    const running = this.#open(place);
    if (attempt <= running.attempt) return;
    this.#begin(running, attempt);
  }

  #done(data: Readonly<Record<string, unknown>>): void {
    const { replyId, sessionId, replyTo = "", status, messageId, error } = data as unknown as HeldReply;
    const text = this.#running.get(replyId)?.text ?? "";
    this.#running.delete(replyId);
    const over = {
      replyId,
      sessionId,
      replyTo,
      status,
      text,
      ...(messageId && { messageId }),
      ...(error && { error }),
    };
    this.#deps.reply(over, "");
  }

  #open({ replyId, sessionId, replyTo = "" }: Pick<ReplyData, "replyId" | "sessionId" | "replyTo">): Running {
    const known = this.#running.get(replyId);
    if (known) return known;
    const made: Running = {
      ...{ replyId, sessionId, replyTo, status: "running", text: "" },
      ...{ attempt: 0, seq: 0, lengths: new Map([[0, 0]]), isAsked: false },
    };
    this.#running.set(replyId, made);
    return made;
  }

  #begin(running: Running, attempt: number): void {
    const wasSeen = running.seq > 0;
    Object.assign(running, { attempt, seq: 0, text: "", lengths: new Map([[0, 0]]), isAsked: false });
    if (wasSeen) this.#deps.reply(running, undefined);
  }

  /** Once for a gap: the answer closes it. */
  #attach(running: Running): void {
    if (running.isAsked) return;
    running.isAsked = true;
    const { replyId, seq: afterSeq, attempt } = running;
    this.#deps.attach({ replyId, afterSeq, attempt });
  }
}
