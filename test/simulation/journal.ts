// The journal as three servers: a leader that decides, and two replicas that follow a little later.
// Reads are answered by the leader. While `misread` holds, some are answered by a replica that lags or has holes.
import type { AppendOutcome, Journal, StoredCommit } from "../../actors/runtime/ports.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { Prng } from "./prng.ts";
import type { World } from "./world.ts";

interface Entry extends StoredCommit {
  /** By replica, the time at which it has the commit. */
  readonly onReplicaMs: readonly [number, number];
}

interface Misread {
  /** The share of reads that a replica answers. */
  readonly share: number;
  readonly lagMs: number;
  /** The share of commits that reach the replica late, while the others are there at once. 0: all are late, in order. */
  readonly holeShare: number;
}

const timeoutMs = 400;
const streams = 2;
const replicationMs = 3;

export class SimulatedJournal {
  readonly name = "journal";
  /** Faults. */
  #misreads = new Set<Misread>();
  /** The share of appends that are answered with an error (10164), whether the commit went in or not. */
  errorShare = 0;
  readonly #logs = new Map<number, Entry[]>();
  readonly #lastSequences: number[] = new Array(streams).fill(0);
  readonly #world: World;
  readonly #network: Network;
  readonly #random: Prng;
  readonly #isFenced: boolean;

  constructor(world: World, network: Network, options: { isFenced: boolean }) {
    this.#world = world;
    this.#network = network;
    this.#random = world.random.fork();
    this.#isFenced = options.isFenced;
  }

  port(machine: Machine): Journal {
    const ask = <T>(serve: () => T) => this.#network.ask(machine, this.name, timeoutMs, serve);
    return {
      append: (shard, expected, commit) => {
        const bytes = commit.slice();
        return ask(() => this.#append(machine, shard, expected, bytes));
      },
      read: (shard, from, max, knownLast) => ask(() => this.#read(shard, from, max, knownLast)),
      last: (shard) => ask(() => this.#read(shard, 0, Number.POSITIVE_INFINITY).at(-1)),
      lastSequences: () => ask(() => this.#lasts()),
      trim: (shard, upTo) => ask(() => this.trim(shard, upTo)),
    };
  }

  misread(fault: Misread): () => void {
    this.#misreads.add(fault);
    return () => this.#misreads.delete(fault);
  }

  /** Loses commits, as a disk that came back without them. */
  lose(shard: number, isLost: (sequence: number) => boolean = () => true): void {
    const kept = (this.#logs.get(shard) ?? []).filter(({ sequence }) => !isLost(sequence));
    this.#logs.set(shard, kept);
  }

  lastSequence(shard: number): number {
    return this.#logs.get(shard)?.at(-1)?.sequence ?? 0;
  }

  log(shard: number): readonly StoredCommit[] {
    return this.#logs.get(shard) ?? [];
  }

  trim(shard: number, upTo: number): void {
    const log = this.#logs.get(shard);
    while (log && log.length > 1 && log[0]!.sequence <= upTo) log.shift();
  }

  #lasts(): Map<number, number> {
    const written = [...this.#logs].filter(([, log]) => log.length > 0);
    return new Map(written.map(([shard]) => [shard, this.lastSequence(shard)]));
  }

  #append(machine: Machine, shard: number, expected: number, commit: Uint8Array): AppendOutcome {
    const fails = this.#random.chance(this.errorShare);
    if (fails && this.#random.chance(0.5)) throw new Error("10164, and it is not in");
    const outcome = this.#decide(machine, shard, expected, commit);
    if (fails) throw new Error("10164, and the leader had decided");
    return outcome;
  }

  #decide(machine: Machine, shard: number, expected: number, commit: Uint8Array): AppendOutcome {
    const last = this.lastSequence(shard);
    if (last !== expected && this.#isFenced) return { kind: "conflict", lastSequence: last };
    const stream = shard % streams;
    this.#lastSequences[stream]! += 1;
    const sequence = this.#lastSequences[stream]!;
    const log = this.#logs.get(shard) ?? [];
    this.#logs.set(shard, log);
    log.push({ sequence, commit, onReplicaMs: [this.#onReplica(), this.#onReplica()] });
    this.#world.trace("journal", () => `${shard}:${sequence} from ${machine.host} ${describe(commit)}`);
    return { kind: "appended", sequence };
  }

  #onReplica(): number {
    let lagMs = replicationMs;
    for (const misread of this.#misreads) {
      if (misread.holeShare === 0 || this.#random.chance(misread.holeShare)) lagMs = Math.max(lagMs, misread.lagMs);
    }
    return this.#world.nowMs + lagMs;
  }

  #read(shard: number, from: number, max: number, knownLast = Number.POSITIVE_INFINITY): StoredCommit[] {
    const log = this.#logs.get(shard) ?? [];
    let seen: readonly Entry[] = log;
    const share = Math.max(0, ...[...this.#misreads].map((misread) => misread.share));
    if (this.#random.chance(share)) {
      const replica = this.#random.below(2) as 0 | 1;
      seen = log.filter(({ onReplicaMs }) => onReplicaMs[replica] <= this.#world.nowMs);
      if (seen.length < log.length) this.#world.trace("journal", () => `${shard} read from a replica that lags`);
    }
    return seen.filter(({ sequence }) => sequence >= from && sequence <= knownLast).slice(0, max);
  }
}

function describe(commit: Uint8Array): string {
  const text = new TextDecoder().decode(commit);
  const { id, type, records, carried } = JSON.parse(text);
  const texts = (records ?? []).map(
    (record: { kind: string; key: string; n: number; events: { type?: string }[]; outbox?: unknown[] }) =>
      `${record.kind[0]}/${record.key}#${record.n}[${record.events.map(({ type }) => type)}]${record.outbox ? `+${record.outbox.length}` : ""}`,
  );
  return `${id} ${type} ${texts.join(" ")}${carried ? ` carried ${carried.length}` : ""}`;
}
