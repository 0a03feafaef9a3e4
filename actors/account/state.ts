// What an account knows: its budget, what is used and held, the requests that run, each key's use, the sums of this hour and day.
import { BoundedMap } from "../shared/bounded-map.ts";
import type { BudgetLimit, Hold } from "./contract.ts";
import { maxSettledKept } from "./limits.ts";
import type { PeriodEnds } from "./ports.ts";
import type { PicoDollars } from "./price.ts";
import type { Cell, Cells } from "./totals.ts";
import type { Window } from "./window.ts";

export interface Budget {
  dayLimit?: BudgetLimit;
  monthLimit?: BudgetLimit;
  timeZone?: string;
}

/** A request that runs. */
export interface OpenHold extends Omit<Hold, "requestId" | "most" | "isFlexible" | "keyLimits"> {
  amount: PicoDollars;
  tokens: number;
  /** Of `tokens`, what counts against a limit per minute until the settle. */
  minuteTokens: number;
  maxOutputTokens?: number;
  atMs: number;
}

export interface KeyState {
  requests: number;
  tokens: number;
  heldTokens: number;
  running: number;
  lastUsedAtMs: number;
  window: Window;
}

interface SettledRequest {
  cost: PicoDollars;
  /** The process that ran it died: the request may be run again. */
  isLost?: true;
}

export interface AccountState {
  budget: Budget;
  /** Of the day and month that `usedDay` and `usedMonth` belong to. Absent: nothing was used yet. */
  ends?: PeriodEnds;
  usedDay: bigint;
  usedMonth: bigint;
  /** Of all requests that run. */
  held: bigint;
  /** By request id. */
  holds: Map<string, OpenHold>;
  settled: BoundedMap<string, SettledRequest>;
  keys: Map<string, KeyState>;
  hours: Cells;
  days: Cells;
  /** When the processes of the running requests are looked at next. */
  checkAtMs?: number;
}

export function initialState(): AccountState {
  return {
    budget: {},
    usedDay: 0n,
    usedMonth: 0n,
    held: 0n,
    holds: new Map(),
    settled: new BoundedMap(maxSettledKept),
    keys: new Map(),
    hours: { period: 0, cells: new Map() },
    days: { period: 0, cells: new Map() },
  };
}

export function newKeyState(): KeyState {
  return { requests: 0, tokens: 0, heldTokens: 0, running: 0, lastUsedAtMs: 0, window: [] };
}

interface Encoded {
  budget: Budget;
  ends?: PeriodEnds;
  used: [day: string, month: string];
  holds: [string, OpenHold][];
  settled: [string, SettledRequest][];
  keys: [string, KeyState][];
  hours: EncodedCells;
  days: EncodedCells;
  checkAtMs?: number;
}
type EncodedCells = [period: number, cells: [string, Cell][]];

export function encodeState(state: AccountState): Encoded {
  const { budget, ends, holds, settled, keys, hours, days, checkAtMs } = state;
  return {
    budget,
    ends,
    used: [String(state.usedDay), String(state.usedMonth)],
    holds: [...holds],
    settled: [...settled],
    keys: [...keys],
    hours: [hours.period, [...hours.cells]],
    days: [days.period, [...days.cells]],
    checkAtMs,
  };
}

export function decodeState(plain: unknown): AccountState {
  const { budget, ends, used, holds, settled, keys, hours, days, checkAtMs } = plain as Encoded;
  return {
    budget,
    ...(ends && { ends }),
    usedDay: BigInt(used[0]),
    usedMonth: BigInt(used[1]),
    held: holds.reduce((sum, [, { amount }]) => sum + BigInt(amount), 0n),
    holds: new Map(holds),
    settled: new BoundedMap(maxSettledKept, settled),
    keys: new Map(keys),
    hours: { period: hours[0], cells: new Map(hours[1]) },
    days: { period: days[0], cells: new Map(days[1]) },
    ...(checkAtMs !== undefined && { checkAtMs }),
  };
}
