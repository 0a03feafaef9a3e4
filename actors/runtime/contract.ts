// What callers see of an actor (contract) and what the runtime runs (behaviour).

import type { Notification } from "../shared/notification.ts";
import type { Head } from "./head.ts";
import type { Kind } from "./kinds.ts";
import type { Row } from "./ports.ts";
import type { ActorRecord } from "./record.ts";

/** Method-per-command: one plain object in, plain data out, so that it can cross the wire. */
// biome-ignore lint/suspicious/noExplicitAny: the bound of all method maps
type Methods<T> = { [N in keyof T]: (input: any) => unknown };

export interface Contract<Commands, Queries> {
  readonly kind: Kind;
  /** Phantom: carries the method types, never set. */
  readonly methods?: { commands: Commands; queries: Queries };
}

/** The contract is all that a caller imports: `actors.get(Conversation, id).send({...})`. */
export function contract<Commands extends Methods<Commands>, Queries extends Methods<Queries>>(
  kind: Kind,
): Contract<Commands, Queries> {
  return { kind };
}

export interface CallOptions {
  /** Absolute, in ms of the caller's clock. Default: now + `defaultCallTimeoutMs`. */
  deadlineMs?: number;
  /** Makes a changing command idempotent for at least 10 minutes: a repeat with the same id gets the first result. */
  commandId?: string;
  traceId?: string;
  /** Size of the input on the wire, for the mailbox's byte limit. Default 256. */
  sizeBytes?: number;
}

type Input<F> = F extends (input: infer I) => unknown ? I : never;
type Output<F> = F extends (input: never) => infer O ? Awaited<O> : never;

export type Handle<Commands, Queries> = {
  [N in keyof Commands]: (input: Input<Commands[N]>, options?: CallOptions) => Promise<Output<Commands[N]>>;
} & {
  [N in keyof Queries]: (input: Input<Queries[N]>, options?: CallOptions) => Promise<Output<Queries[N]>>;
};

/** Commands to other actors are sent after the commit, in order, and take effect once; the receiver never refuses. */
export type Tell<Commands> = { [N in keyof Commands]: (input: Input<Commands[N]>) => void };
export type Ask<Queries> = { [N in keyof Queries]: (input: Input<Queries[N]>) => Promise<Output<Queries[N]>> };

export interface Query<State> {
  readonly key: string;
  /** The state at the start of the turn. Events emitted are folded in when the turn ends. */
  readonly state: State;
  readonly nowMs: number;
  /** Records of this actor that the views may not hold yet, oldest first (J7). */
  tail(): readonly ActorRecord[];
}

export interface Turn<State, Event> extends Query<State> {
  /** Decides a change. It takes effect only if the turn ends without throwing. */
  emit(event: Event): void;
  /** A new 53-bit id, unique, and rising within this actor's shard; valid once the turn is committed. */
  stamp(): number;
  /** Puts a command to another actor into the turn's outbox: it stands in the turn's record, and is sent after the commit. */
  tell<C, Q>(to: Contract<C, Q>, key: string): Tell<C>;
  /** Queries another actor of a later kind, within the turn. */
  ask<C, Q>(to: Contract<C, Q>, key: string): Ask<Q>;
  /** Publishes, after the commit, a notification that follows from no event (typing). A failover does not repeat it. */
  notify(notification: Notification): void;
  /** The reply waits until this turn's outbox is confirmed, at most `settleMsMax`: the caller then reads its own write there. */
  settle(): void;
}

/** Facts of a committed record that folding, projecting and notifying may use. */
export interface RecordMeta {
  readonly key: string;
  /** 1, 2, 3 … per actor. */
  readonly n: number;
  readonly stamp: number;
  /** Wall time of the turn, ms since 1970. */
  readonly atMs: number;
}

export interface Behaviour<State, Event, Commands, Queries> {
  readonly contract: Contract<Commands, Queries>;
  initial(key: string): State;
  /** Folds one event in, changing `state`. Pure otherwise; must not throw for an event that a command emitted. */
  apply(state: State, event: Event, meta: RecordMeta): void;
  /** A command reads `turn.state`, and throws a DomainError or emits events. It never changes the state itself. */
  commands: { [N in keyof Commands]: (turn: Turn<State, Event>, input: Input<Commands[N]>) => Result<Commands[N]> };
  queries: { [N in keyof Queries]: (query: Query<State>, input: Input<Queries[N]>) => Result<Queries[N]> };
  /** Notifications of an event. `state` is at or after it: use it for targets only. A new owner makes them again. */
  notify?(state: State, event: Event, meta: RecordMeta): Notification[];
  /** Rows of the views for one record: at most one write per cell. A record whose rows cannot be made stands without them. */
  project?(events: readonly Event[], meta: RecordMeta): Row[];
  /** The actor's head, which lists read without waking the actor; undefined: none. Written after each record with events. */
  head?(state: State): Head | undefined;
  /**
   * The earliest wall time (ms) at which `onDue` has something to do: time-outs of user data are data. The runtime keeps a
   * due-index per shard in the views, so that a passivated actor is woken for it, also after a restart.
   */
  due?(state: State): number | undefined;
  /**
   * A turn at or after the due time. It is run again while something is due; after a turn that decided nothing, not before
   * `dueHorizonMs`.
   */
  onDue?(turn: Turn<State, Event>): void;
  /** Commands whose results are not kept for retries: marks that only rise, and commands with an idempotency key of their own. */
  selfIdempotent?: readonly (keyof Commands & string)[];
  /** Passivated sooner than other actors: there is one per connected user, and it is cheap to load. */
  passivateAfterMs?: number;
  /** Plain JSON of the state and back. */
  encode(state: State): unknown;
  decode(plain: unknown, key: string): State;
}
type Result<F> = F extends (input: never) => infer O ? Awaited<O> | Promise<Awaited<O>> : never;

/** Any behaviour, as the runtime holds it. */
// biome-ignore lint/suspicious/noExplicitAny: the runtime is generic over all actors
export type AnyBehaviour = Behaviour<any, any, any, any>;

/** A behaviour lacking a command of its contract does not compile. */
export function defineActor<State, Event, Commands, Queries>(
  contract: Contract<Commands, Queries>,
  behaviour: Omit<Behaviour<State, Event, NoInfer<Commands>, NoInfer<Queries>>, "contract">,
): Behaviour<State, Event, Commands, Queries> {
  return { contract, ...behaviour };
}
