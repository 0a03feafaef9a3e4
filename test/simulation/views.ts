// The views as one server that all hosts share. The server may be away or slow, or write only a part of a batch.
import type { Row, Views } from "../../actors/runtime/ports.ts";
import type { ViewReaders, ViewStore } from "../../infra/views/view-store.ts";
import { createMemoryViews } from "../support/memory-views.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import type { Prng } from "./prng.ts";
import type { World } from "./world.ts";

const timeoutMs = 600;

export class SimulatedViews {
  readonly name = "views";
  store = createMemoryViews();
  /** By shard, the sequence of its mark. */
  readonly marks = new Map<number, number>();
  /** Fault: some partitions of a write are in, and the write is answered as failed. */
  tornShare = 0;
  readonly #network: Network;
  readonly #random: Prng;

  constructor(world: World, network: Network) {
    this.#network = network;
    this.#random = world.random.fork();
  }

  /** Empties the tables. Hosts with a port to the former ones must be dead. */
  lose(): void {
    this.store = createMemoryViews();
    this.marks.clear();
  }

  port(machine: Machine): ViewReaders & Pick<ViewStore, "views"> {
    const { store } = this;
    /** Sends every call of a reader over the network to the server. */
    const remote = <T extends object>(reader: T): T =>
      new Proxy(reader, {
        get:
          (target, method: string & keyof T) =>
          (...args: unknown[]) =>
            this.#network.ask(machine, this.name, timeoutMs, () => {
              const read = target[method] as (...args: unknown[]) => Promise<unknown>;
              return read(...args);
            }),
      });
    const { write: _, ...reads } = store.views;
    const views: Views = {
      ...(remote(reads) as Views),
      marks: () => remote(reads).marks(),
      snapshot: (kind, key) => remote(reads).snapshot(kind, key),
      records: (kind, key, afterN) => remote(reads).records(kind, key, afterN),
      due: (shard, untilMs, max) => remote(reads).due(shard, untilMs, max),
      write: (batch) => this.#network.ask(machine, this.name, timeoutMs, () => this.#write(batch)),
    };
    return {
      views,
      messages: remote(store.messages),
      buckets: remote(store.buckets),
      changes: remote(store.changes),
      directory: remote(store.directory),
      sends: remote(store.sends),
      usage: remote(store.usage),
    };
  }

  #write(batch: Parameters<Views["write"]>[0]): void {
    if (!this.#random.chance(this.tornShare)) {
      void this.store.views.write(batch);
      for (const { shard, sequence } of batch.marks) {
        this.marks.set(shard, Math.max(sequence, this.marks.get(shard) ?? 0));
      }
      return;
    }
    const isIn = new Map<string, boolean>();
    const rows = batch.rows.filter((row) => {
      const partition = partitionOf(row);
      const known = isIn.get(partition) ?? this.#random.chance(0.5);
      isIn.set(partition, known);
      return known;
    });
    void this.store.views.write({ rows, marks: [] });
    throw new Error("the write was torn");
  }
}

function partitionOf(row: Row): string {
  if (row.table === "usage") return `${row.table} ${row.unit} ${row.period}`;
  if ("conversationId" in row) return `${row.table} ${row.conversationId}`;
  return `${row.table} ${"userId" in row ? row.userId : `${row.kind} ${row.key}`}`;
}
