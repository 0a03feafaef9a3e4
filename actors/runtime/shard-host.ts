// What a shard and its host know of each other.

import type { Gate } from "../shared/gate.ts";
import type { Answer } from "./calls/replies.ts";
import type { AnyBehaviour, Ask, Contract } from "./contract.ts";
import type { Head } from "./head.ts";
import type { Invocation, Reply } from "./invocation.ts";
import type { Address, Kind } from "./kinds.ts";
import type { HostLease } from "./lease/lease.ts";
import type { RuntimeLimits, Weakness } from "./limits.ts";
import type { Projector } from "./log/projector.ts";
import type { Clock, Heads, Journal, NotificationSink, Row, Views } from "./ports.ts";
import type { EncodedRecord, OutboxEntry } from "./record.ts";
import type { ShardRuntime } from "./shard/shard-runtime.ts";
import type { RuntimeStats } from "./stats.ts";

export interface RuntimePorts {
  journal: Journal;
  views: Views;
  heads: Heads;
  sink: NotificationSink;
  clock: Clock;
}

/** What a shard needs of its host. */
export interface ShardHost {
  readonly ports: RuntimePorts;
  readonly limits: RuntimeLimits;
  readonly stats: RuntimeStats;
  readonly lease: HostLease;
  readonly weaknesses: ReadonlySet<Weakness>;
  readonly projector: Projector;
  /** Actors that are read because somebody calls them. */
  readonly loads: Gate;
  /** Actors of inherited commits that are read at once, of all shards (R3). */
  readonly retellings: Gate;
  behaviourOf(kind: Kind): AnyBehaviour;
  /** Of this process, never twice: part of a commit's id (J4). */
  nextCommitNumber(): number;
  /** A call that reached this host. */
  accept(invocation: Invocation, answer: Answer): void;
  /** Asks for `flush` at the end of this tick. */
  markDirty(shard: ShardRuntime): void;
  deliver(entry: OutboxEntry, from: { shard: number; stamp: number }, attempt: number): Promise<Reply>;
  ask<C, Q>(to: Contract<C, Q>, key: string, askedBy: Kind): Ask<Q>;
  scheduleDue(shard: ShardRuntime, address: Address, dueMs: number): void;
  park(address: Address, invocation: Invocation, cause: unknown): void;
  trouble(message: string, cause: unknown): void;
  onLost(shard: ShardRuntime): void;
}

/** A record with what the projector and the caller wait for. */
export interface DecidedRecord extends EncodedRecord {
  extraRows?: Row[];
  head?: Head;
  unconfirmed?: number;
  onConfirmed?: () => void;
}
