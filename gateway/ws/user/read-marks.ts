// Read and delivered marks, gathered: one command per conversation and 200 ms, however many read at once.
// K1: marks are monotone, so of several only the highest is told; one that could not be told is told with the next.
import type { ConversationId, UserId } from "../../../actors/shared/ids.ts";
import { markMany } from "../../kit/mark-read.ts";
import { isGone } from "../delivery/pull.ts";
import type { Edge } from "../edge.ts";

interface Mark {
  readSeq?: number;
  deliveredSeq?: number;
}
interface Gathered {
  marks: Map<UserId, Mark>;
  dueMs: number;
  failures: number;
}

/** Delivered marks alone wait longer: nobody watches them by the tenth of a second. */
const deliveredEveryMs = 1_000;
/** Then marks are given up (after some 40 s): the next ones say more anyway. */
const maxFailures = 12;
const retryMsMax = 5_000;
/** Conversations with marks waiting; beyond it new delivered marks are dropped. */
const maxGathered = 50_000;
/** Users in one command: its input stays small. */
const maxMarksPerCommand = 500;

export class ReadMarks {
  #edge: Edge;
  #gathered = new Map<ConversationId, Gathered>();
  #isTimed = false;

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  read(conversationId: ConversationId, userId: UserId, seq: number): void {
    const { readMarkEveryMs } = this.#edge.deps.limits;
    const mark = this.#mark(conversationId, userId, readMarkEveryMs);
    mark.readSeq = Math.max(mark.readSeq ?? 0, seq);
  }

  /**
   * A mark beyond the last message that this gateway knows goes at once: kept back, the conversation would cap it at a
   * message that came meanwhile. What fails is repeated up to `knownSeq` only.
   */
  async readAtOnce(conversationId: ConversationId, userId: UserId, seq: number, knownSeq: number): Promise<void> {
    const { actors, log } = this.#edge.deps;
    try {
      await markMany(actors, conversationId, [{ userId, readSeq: seq }]);
    } catch (thrown) {
      if (isGone(thrown)) return;
      if (knownSeq > 0) this.read(conversationId, userId, knownSeq);
      log.warn("read-marks: a mark beyond the known head was dropped", { conversationId, cause: String(thrown) });
    }
  }

  delivered(conversationId: ConversationId, userId: UserId, seq: number): void {
    if (this.#gathered.size >= maxGathered) return;
    const mark = this.#mark(conversationId, userId, deliveredEveryMs);
    mark.deliveredSeq = Math.max(mark.deliveredSeq ?? 0, seq);
  }

  /** Everything that waits, now: before the host goes. */
  flush(): Promise<void> {
    return this.#tell(Number.POSITIVE_INFINITY);
  }

  #mark(conversationId: ConversationId, userId: UserId, afterMs: number): Mark {
    const dueMs = this.#edge.deps.clock.nowMs() + afterMs;
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
    const { clock, limits } = this.#edge.deps;
    clock.after(limits.readMarkEveryMs, () => {
      this.#isTimed = false;
      void this.#tell(clock.nowMs());
      if (this.#gathered.size > 0) this.#arm();
    });
  }

  async #tell(untilMs: number): Promise<void> {
    const due: Promise<void>[] = [];
    for (const [conversationId, gathered] of this.#gathered) {
      if (gathered.dueMs > untilMs) continue;
      this.#gathered.delete(conversationId);
      due.push(this.#tellOne(conversationId, gathered));
    }
    await Promise.all(due);
  }

  async #tellOne(conversationId: ConversationId, { marks, failures }: Gathered): Promise<void> {
    const { actors, log } = this.#edge.deps;
    const all = [...marks].map(([userId, mark]) => ({ userId, ...mark }));
    try {
      for (let i = 0; i < all.length; i += maxMarksPerCommand) {
        await markMany(actors, conversationId, all.slice(i, i + maxMarksPerCommand));
      }
    } catch (thrown) {
      if (isGone(thrown)) return;
      if (failures < maxFailures)
        this.#again(conversationId, marks, failures + 1); // K1
      else log.warn("read marks given up", { conversationId, cause: String(thrown) });
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
    const pauseMs = Math.min(retryMsMax, this.#edge.deps.limits.readMarkEveryMs * 2 ** (failures - 1));
    if (isNew) gathered.dueMs = this.#edge.deps.clock.nowMs() + pauseMs;
  }
}
