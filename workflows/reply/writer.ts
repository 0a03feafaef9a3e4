// Writes an answer into its reply while the model speaks: the first piece at once, and then one command at a time, with
// everything that came meanwhile.
//
// reply-writer/attempt: a later try of the model begins a new attempt of the reply only with its first piece. So viewers keep
//     what they read until there is something better, and a reply whose tries all fail keeps the text of the last one.
import { Reply } from "../../actors/reply/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { Backoff } from "../../actors/shared/backoff.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { sleep, type Timer } from "../../actors/shared/sleep.ts";
import { type HeldReply, isOver } from "./open-reply.ts";

/** Text of one command; more waits for the next one. */
const maxAppendChars = 16 * 1024;
/** The upstream is not read while more than this waits. */
const maxWaitingChars = 128 * 1024;
const retryMinMs = 20;
const retryMaxMs = 500;
/** Actors that do not answer for so long end the try: another one begins later. */
const awayMsMax = 10_000;

export interface WriterDeps {
  actors: Actors;
  timer: Timer;
  replyId: string;
  /** Called once, when a user wants the reply to end, or nobody wants it any more. */
  onStop(): void;
}

export class ReplyWriter {
  #deps: WriterDeps;
  #attempt: number;
  /** A try began, and no piece of it came yet. */
  #isNewTry: boolean;
  #seq: number;
  #waiting: string[] = [];
  #waitingChars = 0;
  #writing: Promise<void> | undefined;
  #failure: unknown;
  #isStopped = false;
  /** The reply ended without this writer, or another worker writes it. */
  #isOver = false;

  constructor(deps: WriterDeps, held: HeldReply) {
    this.#deps = deps;
    this.#attempt = held.attempt;
    this.#seq = held.seq;
    this.#isNewTry = held.isOthers;
  }

  /** The attempt that the reply holds. */
  get attempt(): number {
    return this.#attempt;
  }
  get isOver(): boolean {
    return this.#isOver;
  }

  /** See reply-writer/attempt. What the last try left unwritten is void. */
  beginTry(): void {
    this.#waiting = [];
    this.#waitingChars = 0;
    this.#isNewTry = true;
  }

  /** A promise only when the model is faster than the reply. */
  write(text: string): Promise<void> | undefined {
    if (text === "" || this.#isStopped) return undefined;
    if (this.#failure !== undefined) throw this.#failure;
    for (const piece of pieces(text)) this.#waiting.push(piece);
    this.#waitingChars += text.length;
    this.#writing ??= this.#writeAll();
    return this.#waitingChars > maxWaitingChars ? this.flush() : undefined;
  }

  /** Resolves when everything is written. Throws when the actors stayed away. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Asks whether the reply is wanted, without writing. */
  async look(): Promise<void> {
    if (this.#writing || this.#isStopped) return;
    const reply = this.#deps.actors.get(Reply, this.#deps.replyId);
    await this.#unlessOver(() => reply.append({ attempt: this.#attempt, deltas: [] })).catch(() => undefined);
  }

  #stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#deps.onStop();
  }

  async #writeAll(): Promise<void> {
    try {
      while (this.#waiting.length > 0 && !this.#isOver) await this.#writeSome();
    } catch (error) {
      this.#failure = error;
    }
    this.#writing = undefined;
  }

  async #writeSome(): Promise<void> {
    const reply = this.#deps.actors.get(Reply, this.#deps.replyId);
    if (this.#isNewTry) {
      this.#isNewTry = false;
      const begun = await this.#unlessOver(() => reply.begin({}));
      if (!begun) return;
      this.#attempt = begun.attempt;
      this.#seq = 0;
    }
    const deltas = this.#take();
    const firstSeq = this.#seq + 1;
    const answer = await this.#unlessOver(() => reply.append({ attempt: this.#attempt, firstSeq, deltas }));
    if (answer) this.#seq = answer.seq;
  }

  #take(): string[] {
    let chars = 0;
    let count = 0;
    for (const piece of this.#waiting) {
      if (count > 0 && chars + piece.length > maxAppendChars) break;
      chars += piece.length;
      count += 1;
    }
    this.#waitingChars -= chars;
    return this.#waiting.splice(0, count);
  }

  /** Undefined when the reply ended without this writer, or another worker writes it. */
  async #unlessOver<T extends object>(send: () => Promise<T>): Promise<T | undefined> {
    const pauses = new Backoff({ minMs: retryMinMs, maxMs: retryMaxMs });
    for (let waitedMs = 0; ; ) {
      try {
        const answer = await send();
        if ("isStopped" in answer && answer.isStopped) this.#stop();
        return answer;
      } catch (error) {
        if (isOver(error)) {
          this.#isOver = true;
          this.#stop();
          return undefined;
        }
        if (error instanceof DomainError || waitedMs > awayMsMax) throw error;
        const pauseMs = pauses.next();
        waitedMs += pauseMs;
        await sleep(this.#deps.timer, pauseMs);
      }
    }
  }
}

/** A text as deltas: one, unless it is longer than one command may be. No pair of surrogates is cut. */
function pieces(text: string): string[] {
  if (text.length <= maxAppendChars) return [text];
  const cut: string[] = [];
  for (let from = 0; from < text.length; ) {
    let to = Math.min(text.length, from + maxAppendChars);
    const isHalf = to < text.length && /[\uD800-\uDBFF]/.test(text.charAt(to - 1));
    if (isHalf) to -= 1;
    cut.push(text.slice(from, to));
    from = to;
  }
  return cut;
}
