// One actor in memory: its state, its bounded mailbox, one turn at a time.
// actor/state: the state is a fold of the journal. Events are folded only when their turn ended well; an actor that crashes
//     while folding loses its state and is read again.
// actor/turns: turns run one after another, in the order of arrival; a turn may wait for queries, and the next one waits for it.
// actor/outputs: a turn's outputs wait for its commit; those of a turn that decided nothing wait for every commit undecided
//     when it ran.
// actor/once: an outbox entry takes effect once: the receiver's watermark for the sender's shard is journaled with the effect.
import { utf8Length } from "../../shared/utf8.ts";
import { type Answer, notOwner, refusal } from "../calls/replies.ts";
import type { AnyBehaviour } from "../contract.ts";
import { FoldError, type RuntimeErrorKind } from "../errors.ts";
import type { Invocation, Reply } from "../invocation.ts";
import type { Address } from "../kinds.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { ActorRecord } from "../record.ts";
import type { ActiveActor, ActorShard } from "./actor-shard.ts";
import { type Folded, foldRecord } from "./folded.ts";
import { Mailbox, type Waiting } from "./mailbox.ts";
import { dueMsOf, tryEffect } from "./record-effects.ts";
import { Results } from "./results.ts";
import type { SnapshotDebt } from "./snapshot.ts";
import { TurnContext } from "./turn.ts";

/** The method of a wake-up by the due-index. */
export const dueMethod = "#due";

export class Activation implements ActiveActor {
  readonly address: Address;
  readonly behaviour: AnyBehaviour;
  lastUsedMs = 0;
  undecided = 0;
  snapshotDebt: SnapshotDebt = { lastBytes: 0, bytes: 0, records: 0 };
  dueMs = 0;
  #shard: ActorShard;
  #folded: Folded | undefined;
  #mailbox = new Mailbox();
  /** A turn runs or waits for an answer, or the actor is being read. */
  #isBusy = false;
  #isDropped = false;

  constructor(address: Address, behaviour: AnyBehaviour, shard: ActorShard) {
    this.address = address;
    this.behaviour = behaviour;
    this.#shard = shard;
  }

  get isIdle(): boolean {
    return !this.#isBusy && this.#mailbox.isEmpty && this.undecided === 0;
  }
  get folded(): Folded | undefined {
    return this.#folded;
  }

  accept(invocation: Invocation, answer: Answer): void {
    const waiting: Waiting = { invocation, answer };
    if (!this.#mailbox.hasRoom(waiting, this.#shard.limits)) {
      this.#shard.stats.mailboxRejections += 1;
      answer({ kind: "failed", error: "overloaded", message: `${this.#name}: mailbox full` });
      return;
    }
    if (!this.#isBusy && this.#folded) {
      this.#run(waiting, this.#folded);
      if (!this.#mailbox.isEmpty) this.#next();
      return;
    }
    this.#mailbox.push(waiting);
    if (!this.#isBusy) this.#load();
  }

  /** The shard is lost, or given up: nothing more runs here, and callers ask again. */
  drop(): void {
    this.#isDropped = true;
    for (const { answer } of this.#mailbox.empty()) answer(notOwner(this.address));
  }

  get #name(): string {
    return `${this.address.kind} ${this.address.key}`;
  }

  #load(): void {
    this.#isBusy = true;
    const isWanted = () => !this.#isDropped && this.#mailbox.isWaitedFor(this.#shard.clock.nowMs());
    this.#shard.loadInTurn(this, isWanted).then(
      (loaded) => {
        if (this.#isDropped) return;
        if (loaded === undefined) {
          // A call may have come since this actor's turn to be read was passed over.
          if (this.#mailbox.isWaitedFor(this.#shard.clock.nowMs())) this.#load();
          else this.#failCallers("deadline", "The deadline passed before the actor was read");
          return;
        }
        this.#folded = loaded.folded;
        this.snapshotDebt = loaded.snapshotDebt;
        const { state, n } = loaded.folded;
        this.dueMs =
          tryEffect(this.#shard, { ...this.address, n }, "due time", () => dueMsOf(this.behaviour, state)) ?? 0;
        this.#isBusy = false;
        this.#next();
      },
      (cause: unknown) => {
        this.#shard.reportError(`${this.#name} cannot be read`, cause);
        // Views come back; a record that cannot be folded stays so: its callers are not kept waiting.
        if (cause instanceof FoldError) this.#failCallers("poisoned", "The actor's records cannot be folded");
        else this.#failCallers("unreachable", "The views cannot be read");
      },
    );
  }

  /** The actor could not be read: the next call reads it anew. */
  #failCallers(error: RuntimeErrorKind, message: string): void {
    this.#isBusy = false;
    this.#shard.forget(this);
    for (const { answer } of this.#mailbox.empty()) answer({ kind: "failed", error, message });
  }

  #next(): void {
    while (!this.#isBusy && !this.#isDropped) {
      const waiting = this.#mailbox.shift();
      if (!waiting) return;
      if (!this.#folded) {
        this.#mailbox.unshift(waiting);
        this.#load();
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
      waiting.answer({ kind: "failed", error: "deadline", message: "The deadline passed before the turn" });
      return;
    }
    if (this.#answerRepeated(waiting, folded, nowMs)) return;
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
    // A call that a port makes from within the turn waits in the mailbox: it must find the turn's events folded.
    this.#isBusy = true;
    try {
      result = method(turn, invocation.input);
    } catch (error) {
      this.#isBusy = false;
      this.#refuse(waiting, error, folded);
      return;
    }
    this.#isBusy = false;
    if (result instanceof Promise) this.#await(result, waiting, turn, folded);
    else this.#finish(waiting, turn, result, folded);
  }

  /** The turn waits for a query: the mailbox waits for the turn (actor/turns). */
  #await(result: Promise<unknown>, waiting: Waiting, turn: TurnContext, folded: Folded): void {
    this.#isBusy = true;
    result
      .then(
        (value) => this.#isDropped || this.#finish(waiting, turn, value, folded),
        (error: unknown) => this.#isDropped || this.#refuse(waiting, error, folded),
      )
      .finally(() => {
        if (this.#isDropped) waiting.answer(notOwner(this.address));
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

  /** Answers a retry: a command id with a kept result, or an outbox entry that took effect already (actor/once). */
  #answerRepeated({ invocation, answer }: Waiting, folded: Folded, nowMs: number): boolean {
    const { from, commandId } = invocation;
    if (from && this.#shard.rules.isRepeated(from.stamp, folded.watermarks.get(from.shard) ?? 0)) {
      this.#shard.gateReply(answer, { kind: "ok", value: null });
      return true;
    }
    const known = commandId === undefined ? undefined : folded.results.find(commandId, invocation, nowMs);
    if (!known) return false;
    this.#shard.gateReply(answer, known);
    return true;
  }

  #refuse(waiting: Waiting, error: unknown, folded: Folded): void {
    const { invocation } = waiting;
    const reply = refusal(error, this.address);
    const isCrash = reply.kind === "failed" && reply.error === "poisoned";
    if (isCrash) this.#shard.deadLetter(this.address, invocation, error);
    if (!invocation.from || (reply.kind === "failed" && !isCrash)) {
      this.#shard.gateReply(waiting.answer, reply);
      return;
    }
    this.#shard.reportError(`${this.#name} refused ${invocation.method} from an outbox`, error);
    this.#skip(waiting, folded);
  }

  /** A receiver never refuses: an entry that cannot take effect is confirmed, so that later ones go on (actor/once). */
  #skip(waiting: Waiting, folded: Folded): void {
    const turn = new TurnContext(this.address, folded.state, this.#shard.clock.nowMs(), this.#shard);
    this.#finish(waiting, turn, null, folded);
  }

  #finish(waiting: Waiting, turn: TurnContext, value: unknown, folded: Folded): void {
    const { invocation, answer } = waiting;
    turn.close();
    const isChange = turn.events.length > 0 || turn.outbox.length > 0 || invocation.from !== undefined;
    if (!isChange) {
      this.#shard.gateReply(answer, { kind: "ok", value: value ?? null }, turn.notifications);
      return;
    }
    const record = this.#recordOf(invocation, turn, value, folded.n + 1);
    const text = JSON.stringify(record);
    const tooLarge = refuseTooLarge(text, turn.outbox.length, this.#shard.limits);
    if (tooLarge && !invocation.from) this.#shard.gateReply(answer, tooLarge);
    else if (tooLarge) {
      this.#shard.deadLetter(this.address, invocation, tooLarge.message);
      this.#skip(waiting, folded);
    } else this.#decide(waiting, turn, { record, text, value: value ?? null }, folded);
  }

  #recordOf(invocation: Invocation, turn: TurnContext, value: unknown, n: number): ActorRecord {
    const keepsResult =
      invocation.commandId !== undefined && !this.behaviour.selfIdempotent?.includes(invocation.method);
    const stamp = turn.recordStamp ?? this.#shard.stamp();
    const outbox = turn.outbox.map((entry) => ({ ...entry, stamp: this.#shard.stamp() }));
    return {
      kind: this.address.kind,
      key: this.address.key,
      n,
      stamp,
      atMs: turn.nowMs,
      events: turn.events,
      ...(outbox.length > 0 && { outbox }),
      ...(keepsResult && { command: Results.entry(invocation, value) }),
      ...(invocation.from && { from: invocation.from }),
    };
  }

  #decide(
    waiting: Waiting,
    { settles, notifications }: TurnContext,
    { record, text, value }: { record: ActorRecord; text: string; value: unknown },
    folded: Folded,
  ): void {
    const { invocation, answer } = waiting;
    try {
      foldRecord(this.behaviour, folded, record);
      this.#shard.decided(this, { record, text }, { answer, value, settles, notifications });
    } catch (cause) {
      // actor/state: the state may be half folded; the record was not decided, so the journal still holds the truth.
      this.#folded = undefined;
      this.#shard.deadLetter(this.address, invocation, cause);
      if (invocation.from && !waiting.isPoison) {
        this.#mailbox.unshift({ invocation, answer, isPoison: true });
        if (!this.#isBusy) this.#load();
        return;
      }
      answer({ kind: "failed", error: "poisoned", message: "The command crashed its actor and was dead-lettered" });
    }
  }
}

function refuseTooLarge(
  text: string,
  outboxTargets: number,
  { maxRecordBytes, maxOutboxTargets }: RuntimeLimits,
): Extract<Reply, { kind: "failed" }> | undefined {
  // A UTF-16 unit takes at most three bytes, so only long records need to be counted.
  const fits = text.length * 3 <= maxRecordBytes || utf8Length(text) <= maxRecordBytes;
  if (fits && outboxTargets <= maxOutboxTargets) return undefined;
  const message = `A turn may decide ${maxRecordBytes} bytes and ${maxOutboxTargets} outbox entries at most`;
  return { kind: "failed", error: "too_large", message };
}
