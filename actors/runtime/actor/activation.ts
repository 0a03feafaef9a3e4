// One actor in memory: its state, its bounded mailbox, one turn at a time.
// A1: state = fold(journal): events are folded only when their turn ended well; a crash while folding drops the state.
// A2: turns run one after another, in order of arrival; a turn may wait for queries, the next one waits for it.
// A3: a turn's outputs wait for its commit, and for every commit undecided when it ran.
// A4: an outbox entry takes effect once: the receiver's watermark per source shard is journaled with the effect.
import type { Notification } from "../../shared/notification.ts";
import { type Answer, notOwner, refusal } from "../calls/replies.ts";
import type { AnyBehaviour } from "../contract.ts";
import { FoldError, type RuntimeErrorKind } from "../errors.ts";
import type { Invocation, Reply } from "../invocation.ts";
import type { Address } from "../kinds.ts";
import type { ActorRecord } from "../record.ts";
import type { ShardRuntime } from "../shard/shard-runtime.ts";
import { Mailbox, type Waiting } from "./mailbox.ts";
import { tryEffect } from "./record-effects.ts";
import { Results } from "./results.ts";
import { TurnContext } from "./turn.ts";

/** The state of an actor with what the runtime keeps beside it. */
export interface Folded {
  state: unknown;
  n: number;
  watermarks: Map<number, number>;
  results: Results;
}

export class Activation {
  readonly address: Address;
  readonly behaviour: AnyBehaviour;
  lastUsedMs = 0;
  /** Records decided and not yet known in the log: such an actor stays in memory. */
  undecided = 0;
  bytesSinceSnapshot = 0;
  recordsSinceSnapshot = 0;
  snapshotBytes = 0;
  dueMs = 0;
  #shard: ShardRuntime;
  #folded: Folded | undefined;
  #mailbox = new Mailbox();
  #isBusy = false;
  #dropped = false;

  constructor(address: Address, behaviour: AnyBehaviour, shard: ShardRuntime) {
    this.address = address;
    this.behaviour = behaviour;
    this.#shard = shard;
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#mailbox.isEmpty && this.undecided === 0;
  }
  get state(): unknown {
    return this.#folded?.state;
  }
  get folded(): Folded | undefined {
    return this.#folded;
  }

  accept(invocation: Invocation, answer: Answer): void {
    const waiting: Waiting = { invocation, answer };
    if (!this.#mailbox.hasRoom(waiting, this.#shard.limits)) {
      this.#shard.stats.mailboxRejections += 1;
      answer({
        kind: "failed",
        error: "overloaded",
        message: `${this.address.kind} ${this.address.key}: mailbox full`,
      });
      return;
    }
    if (!this.#isBusy && this.#folded) {
      this.#run(waiting, this.#folded);
      return;
    }
    this.#mailbox.push(waiting);
    if (!this.#isBusy) this.#start();
  }

  /** Ownership is gone, or the state is in doubt: nothing more runs here; callers ask again. */
  drop(): void {
    this.#dropped = true;
    for (const { answer } of this.#mailbox.empty()) answer(notOwner(this.address));
  }

  #start(): void {
    this.#isBusy = true;
    const isWanted = () => !this.#dropped && this.#mailbox.isWaitedFor(this.#shard.clock.nowMs());
    this.#shard.loadInTurn(this, isWanted).then(
      (folded) => {
        if (this.#dropped) return;
        if (folded === undefined) {
          // Somebody may have come since its turn was passed over.
          if (this.#mailbox.isWaitedFor(this.#shard.clock.nowMs())) this.#start();
          else this.#giveUp("deadline", "Time was up before it was read");
          return;
        }
        this.#folded = folded;
        const { state, n } = folded;
        this.dueMs = tryEffect(this.#shard, { ...this.address, n }, "due time", () => this.behaviour.due?.(state)) ?? 0;
        this.#isBusy = false;
        this.#next();
      },
      (cause: unknown) => {
        this.#shard.trouble(`${this.address.kind} ${this.address.key} cannot be read`, cause);
        // Views come back; what cannot be folded stays so: its callers are not kept waiting.
        if (cause instanceof FoldError) this.#giveUp("poisoned", "Its past cannot be read");
        else this.#giveUp("unreachable", "The views cannot be read");
      },
    );
  }

  /** It could not be read: the next caller tries anew. */
  #giveUp(error: RuntimeErrorKind, message: string): void {
    this.#isBusy = false;
    this.#shard.forget(this);
    for (const { answer } of this.#mailbox.empty()) answer({ kind: "failed", error, message });
  }

  #next(): void {
    while (!this.#isBusy && !this.#dropped) {
      const waiting = this.#mailbox.shift();
      if (!waiting) return;
      if (!this.#folded) {
        this.#mailbox.unshift(waiting);
        this.#start();
        return;
      }
      this.#run(waiting, this.#folded);
    }
  }

  #run(waiting: Waiting, folded: Folded): void {
    const { invocation } = waiting;
    const nowMs = this.#shard.clock.nowMs();
    this.lastUsedMs = nowMs;
    if (invocation.deadlineMs < nowMs) {
      waiting.answer({ kind: "failed", error: "deadline", message: "Time was up before its turn" });
      return;
    }
    if (this.#answerAgain(waiting, folded, nowMs)) return;
    if (waiting.isPoison) {
      this.#skip(waiting, folded);
      return;
    }
    const method = this.#method(invocation.method);
    if (!method) {
      waiting.answer({ kind: "failed", error: "unknown_method", message: `${this.address.kind}.${invocation.method}` });
      return;
    }
    this.#shard.stats.turns += 1;
    const turn = new TurnContext(this.address, folded.state, nowMs, this.#shard);
    let result: unknown;
    try {
      result = method(turn, invocation.input);
    } catch (error) {
      this.#refuse(waiting, error, folded);
      return;
    }
    if (!(result instanceof Promise)) {
      this.#finish(waiting, turn, result, folded);
      return;
    }
    this.#isBusy = true;
    result
      .then(
        (value) => this.#dropped || this.#finish(waiting, turn, value, folded),
        (error: unknown) => this.#dropped || this.#refuse(waiting, error, folded),
      )
      .finally(() => {
        if (this.#dropped) waiting.answer(notOwner(this.address));
        this.#isBusy = false;
        this.#next();
      });
  }

  #method(name: string): ((turn: TurnContext, input: unknown) => unknown) | undefined {
    const { commands, queries, onDue } = this.behaviour;
    if (Object.hasOwn(commands, name)) return commands[name];
    if (Object.hasOwn(queries, name)) return queries[name];
    return name === dueMethod ? (turn) => onDue?.(turn) ?? null : undefined;
  }

  /** Retries: a command id known already, or an outbox entry below the watermark (A4). */
  #answerAgain({ invocation, answer }: Waiting, folded: Folded, nowMs: number): boolean {
    const { from, commandId } = invocation;
    if (from && from.stamp <= (folded.watermarks.get(from.shard) ?? 0) && !this.#shard.weaknesses.has("no_watermark")) {
      this.#shard.gateReply(answer, { kind: "ok", value: null });
      return true;
    }
    const known = commandId === undefined ? undefined : folded.results.find(commandId, invocation, nowMs);
    if (!known) return false;
    this.#shard.gateReply(answer, known);
    return true;
  }

  #refuse(waiting: Waiting, error: unknown, folded: Folded): void {
    const reply = refusal(error, this.address);
    const { from } = waiting.invocation;
    if (reply.kind === "failed" && reply.error === "poisoned")
      this.#shard.park(this.address, waiting.invocation, error);
    if (!from || (reply.kind === "failed" && reply.error !== "poisoned")) {
      this.#shard.gateReply(waiting.answer, reply);
      return;
    }
    this.#shard.trouble(
      `${this.address.kind} ${this.address.key} refused ${waiting.invocation.method} from an outbox`,
      error,
    );
    this.#skip(waiting, folded);
  }

  /** A receiver never refuses: an entry that cannot be applied is parked, and confirmed so that the others go on (A4). */
  #skip(waiting: Waiting, folded: Folded): void {
    const turn = new TurnContext(this.address, folded.state, this.#shard.clock.nowMs(), this.#shard);
    this.#finish(waiting, turn, null, folded);
  }

  #finish(waiting: Waiting, turn: TurnContext, value: unknown, folded: Folded): void {
    const { invocation, answer } = waiting;
    const { events } = turn;
    turn.close();
    const isChange = events.length > 0 || turn.outbox.length > 0 || invocation.from !== undefined;
    if (!isChange) {
      this.#shard.gateReply(answer, { kind: "ok", value: value ?? null }, turn.notifications);
      return;
    }
    const keepsResult =
      invocation.commandId !== undefined && !this.behaviour.selfIdempotent?.includes(invocation.method);
    const recordStamp = turn.recordStamp ?? this.#shard.stamp();
    const outbox = turn.outbox.map((entry) => ({ ...entry, stamp: this.#shard.stamp() }));
    const record: ActorRecord = {
      kind: this.address.kind,
      key: this.address.key,
      n: folded.n + 1,
      stamp: recordStamp,
      atMs: turn.nowMs,
      events,
      ...(outbox.length > 0 && { outbox }),
      ...(keepsResult && { command: Results.entry(invocation, value) }),
      ...(invocation.from && { from: invocation.from }),
    };
    const text = JSON.stringify(record);
    const tooLarge = this.#tooLarge(text, turn);
    if (tooLarge) {
      if (!invocation.from) {
        this.#shard.gateReply(answer, tooLarge);
        return;
      }
      this.#shard.park(this.address, invocation, tooLarge.message);
      this.#skip(waiting, folded);
      return;
    }
    const { settles, notifications } = turn;
    try {
      this.fold(folded, record);
      this.#shard.decided(this, { record, text }, { answer, value: value ?? null, settles, notifications });
    } catch (cause) {
      // A1: the state may be half folded; the record was not decided, so the journal still says what is true.
      this.#folded = undefined;
      this.#shard.park(this.address, invocation, cause);
      if (invocation.from && !waiting.isPoison) {
        this.#mailbox.unshift({ invocation, answer, isPoison: true });
        if (!this.#isBusy) this.#start();
        return;
      }
      answer({ kind: "failed", error: "poisoned", message: "The command was parked" });
    }
  }

  /** Folds a record, whether just decided or read back. */
  fold(folded: Folded, record: ActorRecord): void {
    const meta = { key: record.key, n: record.n, stamp: record.stamp, atMs: record.atMs };
    for (const event of record.events) this.behaviour.apply(folded.state, event, meta);
    folded.n = record.n;
    if (record.from) folded.watermarks.set(record.from.shard, record.from.stamp);
    if (record.command) folded.results.keep(record.command, record.atMs);
  }

  #tooLarge(text: string, turn: TurnContext): Extract<Reply, { kind: "failed" }> | undefined {
    const { maxRecordBytes, maxOutboxTargets } = this.#shard.limits;
    if (text.length <= maxRecordBytes && turn.outbox.length <= maxOutboxTargets) return undefined;
    const message = `A turn may decide ${maxRecordBytes} bytes and ${maxOutboxTargets} outbox entries at most`;
    return { kind: "failed", error: "too_large", message };
  }
}

/** The method name of a wake-up by the due-index. */
export const dueMethod = "#due";

export interface TurnOutcome {
  readonly answer: Answer;
  readonly value: unknown;
  readonly settles: boolean;
  readonly notifications: readonly Notification[];
}
