// A reply on its way to one viewer: chunks in order and once, whatever was lost or came twice. A gap is pulled from the reply's
// actor; the end is shown after the last chunk. One reply of a conversation runs at a time, so a viewer shows one.
import type { ReplyView } from "../../../actors/reply/contract.ts";
import { BoundedMap } from "../../../actors/shared/bounded-map.ts";
import type { FramedNotification } from "../../../actors/shared/notification.ts";

export interface ShownEnd {
  replyId: string;
  status: "completed" | "stopped" | "failed";
  error?: { code: string; message: string };
  messageId?: string;
}
export interface ReplyListener {
  chunk(reply: { replyId: string; seq: number; delta: string }): void;
  /** What was shown of this reply is void. */
  reset(replyId: string): void;
  done(end: ShownEnd): void;
}
interface Deps {
  read(replyId: string, afterSeq: number, attempt: number): Promise<ReplyView>;
  /** The reply that runs now. */
  running(): Promise<string | undefined>;
  listener: ReplyListener;
  /** The viewer cannot be shown the rest. */
  failed(error: unknown): void;
}
interface Shown {
  replyId: string;
  /** 0: not known yet. */
  attempt: number;
  seq: number;
}
type Job = Pick<FramedNotification, "type" | "data"> | { afterSeq: number };

const replyTypes: ReadonlySet<string> = new Set(["reply.chunk", "reply.reset", "reply.done"]);
/** Notifications that wait while an actor is asked; with more, the reply is read as a whole instead. */
const maxWaiting = 4_096;
/** Replies that are over and known so; an older one that is published again would be shown again. */
const maxOver = 64;

export class ReplyStream {
  readonly #deps: Deps;
  #shown: Shown | undefined;
  /** A new owner of the conversation publishes again what its predecessor may not have published. */
  readonly #over = new BoundedMap<string, true>(maxOver);
  #jobs: Job[] = [];
  #isBusy = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Shows the reply that runs, if one does, from its chunk number `afterSeq` + 1 on; then goes on with what is shown. */
  attach(afterSeq = 0): void {
    this.#add({ afterSeq });
  }

  /** Takes the notifications of its conversation; those that are not about replies are not for it. */
  notified(notification: FramedNotification): void {
    if (replyTypes.has(notification.type)) this.#add(notification);
  }

  #add(job: Job): void {
    if (this.#jobs.length >= maxWaiting) this.#jobs = [{ afterSeq: 0 }];
    else this.#jobs.push(job);
    if (!this.#isBusy) void this.#work();
  }

  async #work(): Promise<void> {
    this.#isBusy = true;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) {
      try {
        const pending = "afterSeq" in job ? this.#attach(job.afterSeq) : this.#take(job);
        // A chunk in its order waits for nothing.
        if (pending) await pending;
      } catch (error) {
        this.#deps.failed(error);
      }
    }
    this.#isBusy = false;
  }

  async #attach(afterSeq: number): Promise<void> {
    if (this.#shown) await this.#catchUp(this.#shown);
    const replyId = await this.#deps.running();
    if (replyId === undefined || this.#over.has(replyId) || this.#shown) return;
    await this.#catchUp({ replyId, attempt: 0, seq: afterSeq });
  }

  #take({ type, data }: Pick<FramedNotification, "type" | "data">): Promise<void> | undefined {
    const replyId = String(data.replyId);
    if (this.#over.has(replyId)) return undefined;
    const shown = this.#shown;
    if (shown && shown.replyId !== replyId) return this.#leave(shown, { type, data });
    if (type === "reply.done") return this.#end(data as unknown as ShownEnd);
    const attempt = Number(data.attempt);
    const at = shown ?? { replyId, attempt, seq: 0 };
    if (attempt < at.attempt) return undefined;
    this.#shown = at;
    if (attempt > at.attempt) this.#restart(at, attempt);
    if (type === "reply.reset") return undefined;
    const seq = Number(data.seq);
    if (seq > at.seq + 1) return this.#catchUp(at);
    if (seq === at.seq + 1) this.#chunk(at, seq, String(data.delta));
    return undefined;
  }

  /** Another reply has begun, so this one is over: its end was lost, or is late. */
  async #leave(shown: Shown, next: Pick<FramedNotification, "type" | "data">): Promise<void> {
    await this.#catchUp(shown);
    if (this.#shown) this.#finish({ replyId: shown.replyId, status: "stopped" });
    await this.#take(next);
  }

  /** The last chunks come from another publisher, and may be behind it. */
  async #end(end: ShownEnd): Promise<void> {
    await this.#catchUp(this.#shown ?? { replyId: end.replyId, attempt: 0, seq: 0 });
    this.#finish(end);
  }

  async #catchUp(at: Shown): Promise<void> {
    const view = await this.#deps.read(at.replyId, at.seq, at.attempt);
    this.#shown = at;
    if (at.attempt > 0 && view.attempt > at.attempt) this.#restart(at, view.attempt);
    // A number that this attempt has not reached is of an older one.
    if (at.attempt === 0 && at.seq > view.seq) at.seq = 0;
    at.attempt = view.attempt;
    for (const [i, delta] of view.deltas.entries()) {
      if (view.firstSeq + i === at.seq + 1) this.#chunk(at, view.firstSeq + i, delta);
    }
    const { status, error, messageId } = view;
    if (status === "queued" || status === "running") return;
    this.#finish({ replyId: at.replyId, status, ...(error && { error }), ...(messageId && { messageId }) });
  }

  #restart(at: Shown, attempt: number): void {
    if (at.seq > 0) this.#deps.listener.reset(at.replyId);
    at.attempt = attempt;
    at.seq = 0;
  }

  #chunk(at: Shown, seq: number, delta: string): void {
    at.seq = seq;
    this.#deps.listener.chunk({ replyId: at.replyId, seq, delta });
  }

  #finish(end: ShownEnd): void {
    if (this.#over.has(end.replyId)) return;
    this.#over.set(end.replyId, true);
    this.#shown = undefined;
    this.#deps.listener.done(end);
  }
}
