import type { Notification } from "../../shared/notification.ts";
import type { Ask, Contract, Tell, Turn } from "../contract.ts";
import { RuntimeError } from "../errors.ts";
import { type Address, mayQuery } from "../kinds.ts";
import type { ActorRecord, OutboxEntry } from "../record.ts";
import type { ActorShard } from "./actor-shard.ts";

type TurnShard = Pick<ActorShard, "tailOf" | "stamp" | "ask">;

/** Gathers what one turn decides. When the turn ends well the activation takes all of it, otherwise nothing. */
export class TurnContext implements Turn<unknown, unknown> {
  readonly key: string;
  readonly state: unknown;
  readonly nowMs: number;
  readonly events: unknown[] = [];
  /** Without stamps: they are given when the turn is decided, so that they rise in the order of the log. */
  readonly outbox: Omit<OutboxEntry, "stamp">[] = [];
  readonly notifications: Notification[] = [];
  settles = false;
  /** The last stamp taken by the turn: the record's own, so that a cursor can be the stamp of its record. */
  recordStamp: number | undefined;
  #address: Address;
  #shard: TurnShard;
  #isClosed = false;

  constructor(address: Address, state: unknown, nowMs: number, shard: TurnShard) {
    this.key = address.key;
    this.state = state;
    this.nowMs = nowMs;
    this.#address = address;
    this.#shard = shard;
  }

  tail(): readonly ActorRecord[] {
    return this.#shard.tailOf(this.#address);
  }

  emit(event: unknown): void {
    this.#assertOpen();
    this.events.push(event);
  }

  stamp(): number {
    this.#assertOpen();
    this.recordStamp = this.#shard.stamp();
    return this.recordStamp;
  }

  tell<C, Q>(to: Contract<C, Q>, key: string): Tell<C> {
    return new Proxy({} as Tell<C>, {
      get: (_, method: string) => (input: unknown) => {
        this.#assertOpen();
        this.outbox.push({ to: { kind: to.kind, key }, method, input });
      },
    });
  }

  ask<C, Q>(to: Contract<C, Q>, key: string): Ask<Q> {
    this.#assertOpen();
    if (!mayQuery(this.#address.kind, to.kind)) {
      throw new RuntimeError("unknown_method", `A ${this.#address.kind} may not ask a ${to.kind} inside a turn`);
    }
    return this.#shard.ask(to, key, this.#address.kind);
  }

  notify(notification: Notification): void {
    this.#assertOpen();
    this.notifications.push(notification);
  }

  settle(): void {
    this.settles = true;
  }

  close(): void {
    this.#isClosed = true;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new Error("The turn has ended: nothing more can be decided in it");
  }
}
