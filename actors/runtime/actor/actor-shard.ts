// What an activation needs of its shard, and what the shard sees of an activation.
import type { Notification } from "../../shared/notification.ts";
import type { Answer } from "../calls/replies.ts";
import type { AnyBehaviour, Ask, Contract } from "../contract.ts";
import type { Invocation, Reply } from "../invocation.ts";
import type { Address, Kind } from "../kinds.ts";
import type { RuntimeLimits } from "../limits.ts";
import type { Clock } from "../ports.ts";
import type { ActorRecord } from "../record.ts";
import type { RuntimeStats } from "../stats.ts";
import type { FoldedActor } from "./fold-actor.ts";
import type { Folded } from "./folded.ts";
import type { SnapshotDebt } from "./snapshot.ts";

export interface ActorShard {
  readonly clock: Clock;
  readonly limits: RuntimeLimits;
  readonly stats: RuntimeStats;
  readonly rules: ActorRules;
  /** Reads an actor when a place is free; undefined when `isWanted` said no by then. */
  loadInTurn(actor: ActiveActor, isWanted: () => boolean): Promise<FoldedActor | undefined>;
  /** The actor's records that the views may not hold yet, oldest first. */
  tailOf(address: Address): readonly ActorRecord[];
  /** A new stamp of the shard's clock. */
  stamp(): number;
  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q>;
  /** Releases a reply of a turn that decided nothing, and its notifications, after the commits it may rest on. */
  gateReply(answer: Answer, reply: Reply, notifications?: readonly Notification[]): void;
  /** A turn decided this record, already folded into the actor. Throws when the behaviour does: then nothing was decided. */
  decided(actor: ActiveActor, record: { record: ActorRecord; text: string }, outcome: TurnOutcome): void;
  /** The actor is not in memory any more. */
  forget(actor: ActiveActor): void;
  /** Keeps a command that crashed its actor for the operator. */
  deadLetter(address: Address, invocation: Invocation, cause: unknown): void;
  reportError(message: string, cause: unknown): void;
}

/** A rule that the simulation replaces, to prove that its checker notices the loss. */
export interface ActorRules {
  /** Did the outbox entry with this stamp take effect already? `watermark`: of the sender's shard; 0: none did (actor/once). */
  isRepeated(stamp: number, watermark: number): boolean;
}

export const actorRules: ActorRules = {
  isRepeated: (stamp, watermark) => stamp <= watermark,
};

/** An actor in memory, as its shard sees it. */
export interface ActiveActor {
  readonly address: Address;
  readonly behaviour: AnyBehaviour;
  /** Undefined while the actor is being read. */
  readonly folded: Folded | undefined;
  /** Records decided and not yet known in the log: such an actor stays in memory. */
  undecided: number;
  readonly snapshotDebt: SnapshotDebt;
  /** The due time that the due-index knows; 0: none. */
  dueMs: number;
}

/** How a turn ended that decided a record. */
export interface TurnOutcome {
  readonly answer: Answer;
  readonly value: unknown;
  /** The reply waits for the turn's outbox. */
  readonly settles: boolean;
  readonly notifications: readonly Notification[];
}
