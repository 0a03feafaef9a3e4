// Events of an account, and the state after each.
import { tokensOf } from "../llm/usage.ts";
import { maxKeysCounted } from "./limits.ts";
import { applyTurnover, type Turnover } from "./periods.ts";
import type { PeriodEnds } from "./ports.ts";
import type { RequestRow } from "./rows.ts";
import { type AccountState, type Budget, type KeyState, newKeyState, type OpenHold } from "./state.ts";
import { applyCell, type CellAfter } from "./totals.ts";
import { addToWindow, correctWindow } from "./window.ts";

export type AccountEvent =
  /** `checkAtMs`: set when no check was due. */
  | { type: "held"; requestId: string; hold: OpenHold; turnover?: Turnover; checkAtMs?: number }
  /** Another process runs the request now. */
  | { type: "moved"; requestId: string; boot: string }
  | { type: "released"; requestId: string }
  | { type: "settled"; row: RequestRow; hour: CellAfter; day: CellAfter; turnover?: Turnover }
  | { type: "checked"; checkAtMs?: number }
  | { type: "budgetSet"; budget: Budget; ends: PeriodEnds };

export function applyEvent(state: AccountState, event: AccountEvent): void {
  switch (event.type) {
    case "held":
      if (event.turnover) applyTurnover(state, event.turnover);
      if (event.checkAtMs !== undefined) state.checkAtMs = event.checkAtMs;
      applyHold(state, event.requestId, event.hold);
      return;
    case "moved":
      state.holds.set(event.requestId, { ...state.holds.get(event.requestId)!, boot: event.boot });
      return;
    case "released":
      applyEnd(state, event.requestId, 0);
      return;
    case "settled":
      if (event.turnover) applyTurnover(state, event.turnover);
      applySettle(state, event);
      return;
    case "checked":
      delete state.checkAtMs;
      if (event.checkAtMs !== undefined) state.checkAtMs = event.checkAtMs;
      return;
    case "budgetSet":
      state.budget = event.budget;
      state.ends = event.ends;
  }
}

function applyHold(state: AccountState, requestId: string, hold: OpenHold): void {
  state.holds.set(requestId, hold);
  state.settled.delete(requestId);
  state.held += BigInt(hold.amount);
  const { keyId } = hold.payer;
  if (keyId === undefined) return;
  const key = usedKey(state.keys, keyId);
  key.running += 1;
  key.heldTokens += hold.tokens;
  key.lastUsedAtMs = Math.max(key.lastUsedAtMs, hold.atMs);
  addToWindow(key.window, hold.atMs, 1, hold.minuteTokens);
}

function applySettle(state: AccountState, { row, hour, day }: Extract<AccountEvent, { type: "settled" }>): void {
  const tokens = tokensOf(row.usage);
  const keyId = applyEnd(state, row.requestId, tokens);
  state.usedDay += BigInt(row.cost);
  state.usedMonth += BigInt(row.cost);
  if (keyId !== undefined) {
    const key = usedKey(state.keys, keyId);
    key.requests += 1;
    key.tokens += tokens;
  }
  state.settled.set(row.requestId, { cost: row.cost, ...(row.reason === "host_lost" && { isLost: true }) });
  applyCell(state.hours, hour);
  applyCell(state.days, day);
}

/** The request holds nothing any more, and counts in its minute with what it used. */
function applyEnd(state: AccountState, requestId: string, tokens: number): string | undefined {
  const hold = state.holds.get(requestId)!;
  state.holds.delete(requestId);
  state.held -= BigInt(hold.amount);
  const { keyId } = hold.payer;
  if (keyId === undefined) return undefined;
  const key = usedKey(state.keys, keyId);
  key.running -= 1;
  key.heldTokens -= hold.tokens;
  correctWindow(key.window, hold.atMs, tokens - hold.minuteTokens);
  return keyId;
}

/** The key becomes the one that was used last. */
function usedKey(keys: Map<string, KeyState>, keyId: string): KeyState {
  const key = keys.get(keyId) ?? newKeyState();
  keys.delete(keyId);
  keys.set(keyId, key);
  if (keys.size > maxKeysCounted) {
    const idle = [...keys].find(([, { running }]) => running === 0);
    if (idle) keys.delete(idle[0]);
  }
  return key;
}
