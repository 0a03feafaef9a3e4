// Gathers read and delivered marks: one command per conversation and 200 ms, however many users read at once. Marks only
// rise, so of several the highest is sent; marks that could not be sent are sent with the next ones.
import type { Actors } from "../../../actors/runtime/actors.ts";
import type { Clock, Random } from "../../../actors/runtime/ports.ts";
import type { ConversationId, UserId } from "../../../actors/shared/ids.ts";
import { markMany } from "../../kit/mark-read.ts";
import type { Log } from "../../ports.ts";
import { isGone } from "../delivery/pull.ts";
import { persist } from "../socket/persist.ts";

interface ReadMarkDeps {
  readonly actors: Actors;
  readonly clock: Pick<Clock, "nowMs" | "after">;
  readonly log: Pick<Log, "warn">;
  readonly random: Pick<Random, "unit">;
  readonly limits: { readonly readMarkEveryMs: number; readonly sendDeadlineMs: number };
}
interface Mark {
  readSeq?: number;
  deliveredSeq?: number;
}
interface Gathered {
  marks: Map<UserId, Mark>;
  dueMs: number;
  failures: number;
}

/** Delivered marks alone may wait longer: a second later is soon enough. */
const deliveredEveryMs = 1_000;
/** Then marks are given up (after some 40 s): the next ones are higher. */
const maxFailures = 12;
const retryMsMax = 5_000;
/** Conversations with waiting marks; with more of them new delivered marks are dropped. */
const maxGathered = 50_000;
/** Users in one command: its input stays small. */
const maxMarksPerCommand = 500;

export class ReadMarks {
  #deps: ReadMarkDeps;
  #gathered = new Map<ConversationId, Gathered>();
  #isTimed = false;

  constructor(deps: ReadMarkDeps) {
    this.#deps = deps;
  }

  read(conversationId: ConversationId, userId: UserId, seq: number): void {
    const { readMarkEveryMs } = this.#deps.limits;
    const mark = this.#mark(conversationId, userId, readMarkEveryMs);
    mark.readSeq = Math.max(mark.readSeq ?? 0, seq);
  }

  /**
   * A mark beyond the last message that this gateway knows is sent at once: gathered, it would be capped by the conversation
   * at a message that came meanwhile. While the conversation's actor is unavailable the mark is repeated for
   * `sendDeadlineMs`: no message comes meanwhile. What fails after that is repeated up to `knownSeq` only.
   */
  async readAtOnce(conversationId: ConversationId, userId: UserId, seq: number, knownSeq: number): Promise<void> {
    const { actors, clock, limits, log } = this.#deps;
    const patience = { untilMs: clock.nowMs() + limits.sendDeadlineMs, isWanted: () => true };
    try {
      await persist(this.#deps, patience, () => markMany(actors, conversationId, [{ userId, readSeq: seq }]));
    } catch (thrown) {
      if (isGone(thrown)) return;
      if (knownSeq > 0) this.read(conversationId, userId, knownSeq);
      log.warn("read marks: mark beyond the known head dropped", { conversationId, cause: String(thrown) });
    }
  }

  delivered(conversationId: ConversationId, userId: UserId, seq: number): void {
    if (this.#gathered.size >= maxGathered) return;
    const mark = this.#mark(conversationId, userId, deliveredEveryMs);
    mark.deliveredSeq = Math.max(mark.deliveredSeq ?? 0, seq);
  }

  /** Sends every waiting mark now: before the host stops. */
  flush(): Promise<void> {
    return this.#send(Number.POSITIVE_INFINITY);
  }

  #mark(conversationId: ConversationId, userId: UserId, afterMs: number): Mark {
    const dueMs = this.#deps.clock.nowMs() + afterMs;
    let gathered = this.#gathered.get(conversationId);
    if (gathered === undefined) {
      gathered = { marks: new Map(), dueMs, failures: 0 };
      this.#gathered.set(conversationId, gathered);
    } else if (dueMs < gathered.dueMs) gathered.dueMs = dueMs;
    let mark = gathered.marks.get(userId);
    if (mark === undefined) {
      mark = {};
      gathered.marks.set(userId, mark);
    }
    this.#arm();
    return mark;
  }

  #arm(): void {
    if (this.#isTimed) return;
    this.#isTimed = true;
    const { clock, limits } = this.#deps;
    clock.after(limits.readMarkEveryMs, () => {
      this.#isTimed = false;
      void this.#send(clock.nowMs());
      if (this.#gathered.size > 0) this.#arm();
    });
  }

  async #send(untilMs: number): Promise<void> {
    const due: Promise<void>[] = [];
    for (const [conversationId, gathered] of this.#gathered) {
      if (gathered.dueMs > untilMs) continue;
      this.#gathered.delete(conversationId);
      due.push(this.#sendOne(conversationId, gathered));
    }
    await Promise.all(due);
  }

  async #sendOne(conversationId: ConversationId, { marks, failures }: Gathered): Promise<void> {
    const { actors, log } = this.#deps;
    const all = [...marks].map(([userId, mark]) => ({ userId, ...mark }));
    try {
      for (let i = 0; i < all.length; i += maxMarksPerCommand) {
        await markMany(actors, conversationId, all.slice(i, i + maxMarksPerCommand));
      }
    } catch (thrown) {
      if (isGone(thrown)) return;
      if (failures < maxFailures) this.#again(conversationId, marks, failures + 1);
      else log.warn("read marks: given up", { conversationId, cause: String(thrown) });
    }
  }

  #again(conversationId: ConversationId, marks: ReadonlyMap<UserId, Mark>, failures: number): void {
    const isNew = !this.#gathered.has(conversationId);
    for (const [userId, { readSeq, deliveredSeq }] of marks) {
      if (readSeq !== undefined) this.read(conversationId, userId, readSeq);
      if (deliveredSeq !== undefined) this.delivered(conversationId, userId, deliveredSeq);
    }
    const gathered = this.#gathered.get(conversationId);
    if (!gathered) return;
    gathered.failures = failures;
    const pauseMs = Math.min(retryMsMax, this.#deps.limits.readMarkEveryMs * 2 ** (failures - 1));
    if (isNew) gathered.dueMs = this.#deps.clock.nowMs() + pauseMs;
  }
}
