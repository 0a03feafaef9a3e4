// The day and the month of a budget, in the account's time zone.

import type { Calendar, PeriodEnds } from "./ports.ts";
import type { AccountState } from "./state.ts";

/** A day, or a month too, has ended: sums begin at zero. */
export interface Turnover {
  ends: PeriodEnds;
  isNewMonth: boolean;
}

/** Undefined while the day lasts: the calendar is asked once a day. */
export function turnoverAt(
  { ends, budget }: Pick<AccountState, "ends" | "budget">,
  nowMs: number,
  { calendar, timeZone }: { calendar: Calendar; timeZone: string },
): Turnover | undefined {
  if (ends && nowMs < ends.dayEndsAtMs) return undefined;
  return {
    ends: calendar.endsOf(budget.timeZone ?? timeZone, nowMs),
    isNewMonth: !ends || nowMs >= ends.monthEndsAtMs,
  };
}

export function applyTurnover(state: AccountState, { ends, isNewMonth }: Turnover): void {
  state.ends = ends;
  state.usedDay = 0n;
  if (isNewMonth) state.usedMonth = 0n;
}
