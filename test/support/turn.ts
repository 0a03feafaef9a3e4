// Runs one actor's commands and queries without a journal or a host. Collects and folds the decisions of each turn, and shows
// the commands, notifications and rows that would go out. The test sets clock and stamps.
import type { Behaviour, RecordMeta, Turn } from "../../actors/runtime/contract.ts";
import type { Kind } from "../../actors/runtime/kinds.ts";
import { stampEpochMs } from "../../actors/runtime/log/stamp.ts";
import type { Row } from "../../actors/runtime/ports.ts";
import type { ActorRecord } from "../../actors/runtime/record.ts";
import type { FramedNotification, Notification } from "../../actors/shared/notification.ts";
import { framed } from "../../gateway/wire/notification.ts";

/** A command or query to another actor. */
export interface SentCommand {
  kind: Kind;
  key: string;
  method: string;
  input: unknown;
}
/** Answers what a turn asks of other actors; may throw or answer a promise. */
type AskAnswers = (asked: SentCommand) => unknown;

interface RigOptions {
  atMs?: number;
  ask?: AskAnswers;
}

type MethodsOf<T> = { [N in keyof T]: T[N] };
type Input<F> = F extends (input: infer I) => unknown ? I : never;
type Output<F> = F extends (input: never) => infer O ? Awaited<O> : never;

export class ActorRig<State, Event, Commands, Queries> {
  readonly behaviour: Behaviour<State, Event, Commands, Queries>;
  readonly key: string;
  state: State;
  nowMs: number;
  records: ActorRecord[] = [];
  /** The number of the last record that the views contain; later records are in the tail. */
  projectedN = 0;
  tells: SentCommand[] = [];
  /** The notifications, in the form that devices get. */
  notifications: FramedNotification[] = [];
  rows: Row[] = [];
  settles = 0;
  #lastStamp = 0;
  #ask: AskAnswers;

  constructor(behaviour: Behaviour<State, Event, Commands, Queries>, key: string, options: RigOptions = {}) {
    this.behaviour = behaviour;
    this.key = key;
    this.state = behaviour.initial(key);
    this.nowMs = options.atMs ?? Date.UTC(2026, 10, 21, 12);
    this.#ask =
      options.ask ??
      (({ kind, method }) => {
        throw new Error(`${kind}.${method} was asked, and the test has no answer`);
      });
  }

  get events(): Event[] {
    return this.records.flatMap(({ events }) => events as Event[]);
  }

  /** Runs a command to its end. When the command throws, the error is passed on, and nothing of the command is kept. */
  async run<N extends keyof Commands & string>(method: N, input: Input<Commands[N]>): Promise<Output<Commands[N]>> {
    const turn = this.#turn();
    const value = await this.behaviour.commands[method](turn, input as never);
    this.#finish(turn);
    return value as Output<Commands[N]>;
  }

  /** As `run`, for a command that must answer in its turn: a promise is an error. */
  runNow<N extends keyof Commands & string>(method: N, input: Input<Commands[N]>): Output<Commands[N]> {
    const turn = this.#turn();
    const value = this.behaviour.commands[method](turn, input as never);
    if (value instanceof Promise) throw new Error(`${method} waits for something`);
    this.#finish(turn);
    return value as Output<Commands[N]>;
  }

  async query<N extends keyof Queries & string>(method: N, input: Input<Queries[N]>): Promise<Output<Queries[N]>> {
    return (await this.behaviour.queries[method](this.#turn(), input as never)) as Output<Queries[N]>;
  }

  /** Runs the actor's due turn as the due-index would. False when nothing is due. */
  wake(): boolean {
    const dueMs = this.behaviour.due?.(this.state);
    if (dueMs === undefined || dueMs > this.nowMs) return false;
    const turn = this.#turn();
    this.behaviour.onDue?.(turn);
    this.#finish(turn);
    return true;
  }

  /** The state after a snapshot at record `n` and the journal from there: what another host would have. */
  refold(n: number): State {
    let state = this.behaviour.initial(this.key);
    for (const record of this.records) {
      if (record.n === n + 1) {
        state = this.behaviour.decode(JSON.parse(JSON.stringify(this.behaviour.encode(state))), this.key);
      }
      const { events } = JSON.parse(JSON.stringify(record)) as ActorRecord;
      for (const event of events) this.behaviour.apply(state, event as Event, metaOf(record));
    }
    return state;
  }

  /** The notifications since the last call. */
  takeNotifications(): FramedNotification[] {
    return this.notifications.splice(0);
  }
  /** The commands to other actors since the last call. */
  takeTells(): SentCommand[] {
    return this.tells.splice(0);
  }

  #turn(): RigTurn<State, Event> {
    const asks = (kind: Kind, key: string) =>
      methods((method, input) => Promise.resolve().then(() => this.#ask({ kind, key, method, input })));
    return new RigTurn(this, asks, () => this.#stamp());
  }

  #stamp(): number {
    this.#lastStamp = Math.max(this.#lastStamp + 1, (this.nowMs - stampEpochMs) * 4_096);
    return this.#lastStamp;
  }

  #finish(turn: RigTurn<State, Event>): void {
    this.notifications.push(...turn.notifications.map(framed));
    if (turn.events.length === 0 && turn.tells.length === 0) return;
    const n = this.records.length + 1;
    const stamp = turn.lastStamp ?? this.#stamp();
    const record: ActorRecord = { ...this.#address, n, stamp, atMs: this.nowMs, events: turn.events };
    const meta = metaOf(record);
    for (const event of turn.events) this.behaviour.apply(this.state, event, meta);
    this.records.push(record);
    this.tells.push(...turn.tells);
    if (turn.settles) this.settles += 1;
    for (const event of turn.events)
      this.notifications.push(...(this.behaviour.notify?.(this.state, event, meta) ?? []).map(framed));
    this.rows.push(...(this.behaviour.project?.(turn.events, meta) ?? []));
  }

  get #address(): { kind: Kind; key: string } {
    return { kind: this.behaviour.contract.kind, key: this.key };
  }
}

class RigTurn<State, Event> implements Turn<State, Event> {
  readonly key: string;
  readonly state: State;
  readonly nowMs: number;
  readonly events: Event[] = [];
  readonly tells: SentCommand[] = [];
  readonly notifications: Notification[] = [];
  settles = false;
  lastStamp: number | undefined;
  readonly #tail: readonly ActorRecord[];
  readonly #asks: (kind: Kind, key: string) => MethodsOf<Record<string, (input: unknown) => Promise<unknown>>>;
  readonly #nextStamp: () => number;

  constructor(
    rig: { key: string; state: State; nowMs: number; records: ActorRecord[]; projectedN: number },
    asks: (kind: Kind, key: string) => Record<string, (input: unknown) => Promise<unknown>>,
    nextStamp: () => number,
  ) {
    this.key = rig.key;
    this.state = rig.state;
    this.nowMs = rig.nowMs;
    this.#tail = rig.projectedN >= rig.records.length ? [] : rig.records.slice(rig.projectedN);
    this.#asks = asks;
    this.#nextStamp = nextStamp;
  }

  // Methods, as in production: a command that takes one of them off its turn fails here as well.
  tail(): readonly ActorRecord[] {
    return this.#tail;
  }
  emit(event: Event): void {
    this.events.push(event);
  }
  notify(notification: Notification): void {
    this.notifications.push(notification);
  }
  settle(): void {
    this.settles = true;
  }
  stamp(): number {
    this.lastStamp = this.#nextStamp();
    return this.lastStamp;
  }
  tell: Turn<State, Event>["tell"] = ({ kind }, key) =>
    methods((method, input) => this.tells.push({ kind, key, method, input })) as never;
  ask: Turn<State, Event>["ask"] = ({ kind }, key) => this.#asks(kind, key) as never;
}

function methods<T>(call: (method: string, input: unknown) => T): Record<string, (input: unknown) => T> {
  return new Proxy({}, { get: (_, method: string) => (input: unknown) => call(method, input) });
}

function metaOf({ key, n, stamp, atMs }: ActorRecord): RecordMeta {
  return { key, n, stamp, atMs };
}
