// One actor without a runtime: runs its commands, folds their events, and shows the outputs. Each step checks that a command
// changes the state only by events, and that events survive JSON.
import assert from "node:assert/strict";
import type { Behaviour, Tell, Turn } from "../../actors/runtime/contract.ts";
import type { Row } from "../../actors/runtime/ports.ts";
import type { ActorRecord } from "../../actors/runtime/record.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { framed } from "../../gateway/wire/notification.ts";

type Input<F> = F extends (input: infer I) => unknown ? I : never;
type Output<F> = F extends (input: never) => infer O ? O : never;

interface Told {
  kind: string;
  key: string;
  method: string;
  input: unknown;
}

export class LoneActor<State, Event, Commands, Queries> {
  readonly records: ActorRecord[] = [];
  told: Told[] = [];
  notifications: FramedNotification[] = [];
  rows: Row[] = [];
  nowMs: number;
  state: State;
  /** The check encodes the state at every step, so long runs switch it off. */
  isChecked = true;
  readonly key: string;
  #behaviour: Behaviour<State, Event, Commands, Queries>;
  #stamp: number;
  /** Like the runtime: the last stamp a turn took is its record's own. */
  #recordStamp: number | undefined;

  constructor(behaviour: Behaviour<State, Event, Commands, Queries>, key: string, nowMs = Date.UTC(2026, 0, 1)) {
    this.#behaviour = behaviour;
    this.key = key;
    this.nowMs = nowMs;
    this.#stamp = nowMs * 16;
    this.state = behaviour.initial(key);
  }

  /** One turn: what it tells and notifies replaces what the turn before did. */
  run<N extends keyof Commands & string>(name: N, input: Input<Commands[N]>): Output<Commands[N]> {
    return this.#take(name, (turn) => this.#behaviour.commands[name](turn, input)) as Output<Commands[N]>;
  }

  /** Runs the due turn. False when nothing is due. */
  wake(): boolean {
    const { due, onDue } = this.#behaviour;
    if ((due?.(this.state) ?? Number.POSITIVE_INFINITY) > this.nowMs) return false;
    this.#take("onDue", (turn) => onDue?.(turn));
    return true;
  }

  #take(name: string, act: (turn: Turn<State, Event>) => unknown): unknown {
    this.told = [];
    this.notifications = [];
    this.rows = [];
    this.#recordStamp = undefined;
    const events: Event[] = [];
    const told: Told[] = [];
    const notifications: FramedNotification[] = [];
    const turn = this.#turn(events, told, notifications);
    const before = this.isChecked ? this.encoded() : "";
    const result = act(turn);
    if (this.isChecked) assert.equal(this.encoded(), before, `${name} changed the state by itself`);
    this.told = told;
    this.notifications = notifications;
    if (events.length > 0) this.#commit(JSON.parse(JSON.stringify(events)));
    return result;
  }

  ask<N extends keyof Queries & string>(name: N, input: Input<Queries[N]>): Output<Queries[N]> {
    const query = { key: this.key, state: this.state, nowMs: this.nowMs, tail: () => [] };
    return this.#behaviour.queries[name](query, input) as Output<Queries[N]>;
  }

  encoded(state = this.state): string {
    return JSON.stringify(this.#behaviour.encode(state));
  }

  /** The state folded from the records after the first `fromRecord`, on top of a snapshot of what they made. */
  replayed(fromRecord = 0): State {
    let state = this.#behaviour.initial(this.key);
    const fold = (records: readonly ActorRecord[]): void => {
      for (const record of records) {
        for (const event of record.events) this.#behaviour.apply(state, event as Event, record);
      }
    };
    fold(this.records.slice(0, fromRecord));
    const restored = this.#behaviour.decode(JSON.parse(this.encoded(state)), this.key);
    assert.deepEqual(restored, state, `the snapshot after ${fromRecord} records lacks something`);
    state = restored;
    fold(this.records.slice(fromRecord));
    return state;
  }

  #commit(events: Event[]): void {
    const stamp = this.#recordStamp ?? this.#nextStamp();
    const record: ActorRecord = {
      kind: this.#behaviour.contract.kind,
      key: this.key,
      n: this.records.length + 1,
      stamp,
      atMs: this.nowMs,
      events,
    };
    this.records.push(record);
    for (const event of events) this.#behaviour.apply(this.state, event, record);
    for (const event of events) {
      const told = this.#behaviour.notify?.(this.state, event, record) ?? [];
      this.notifications.push(...told.map(framed));
    }
    this.rows = this.#behaviour.project?.(events, record) ?? [];
  }

  #nextStamp(): number {
    this.#stamp += 1;
    this.#recordStamp = this.#stamp;
    return this.#stamp;
  }

  #turn(events: Event[], told: Told[], notifications: FramedNotification[]): Turn<State, Event> {
    const turn: Turn<State, Event> = {
      ...{ key: this.key, state: this.state, nowMs: this.nowMs, tail: () => [] },
      emit(event) {
        // A turn of the runtime is an object of a class: its methods work on it alone.
        assert.ok(this === turn, "emit was taken out of its turn");
        events.push(event);
      },
      stamp: () => this.#nextStamp(),
      tell<C, Q>({ kind }: { kind: string; methods?: { commands: C; queries: Q } }, key: string) {
        return new Proxy({} as Tell<C>, {
          get: (_, method: string) => (input: unknown) => told.push({ kind, key, method, input }),
        });
      },
      ask() {
        throw new Error("A lone actor has nobody to ask");
      },
      notify: (notification) => notifications.push(framed(notification)),
      settle() {},
    };
    return turn;
  }
}
