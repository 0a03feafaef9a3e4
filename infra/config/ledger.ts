import type { DefaultBudget } from "../../actors/account/admit.ts";
import { picoPerDollar } from "../../actors/account/money.ts";
import { createCalendar } from "../system/calendar.ts";
import type { ledgerVariables } from "./ledger-variables.ts";
import type { ConfigReader } from "./reader.ts";

export interface LedgerConfig {
  timeZone: string;
  userBudget: DefaultBudget;
  /** Empty: the system has no budget of its own. */
  systemBudget: DefaultBudget;
  maxRequestMs: number;
}

export function readLedger(read: ConfigReader): LedgerConfig {
  const timeZone = read.text("LLM_TIME_ZONE");
  if (!createCalendar().isZone(timeZone)) read.refuse("LLM_TIME_ZONE");
  const limit = (name: keyof typeof ledgerVariables) => {
    const text = read.optional(name);
    if (text === undefined) return undefined;
    // Up to 9 007 dollars with every decimal; a larger budget is a whole number of dollars in any practice.
    const amount = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Math.round(Number(text) * picoPerDollar) : Number.NaN;
    if (!Number.isFinite(amount)) read.refuse(name);
    return amount;
  };
  const budget = (dayLimit: number | undefined, monthLimit: number | undefined): DefaultBudget => ({
    ...(dayLimit !== undefined && { dayLimit }),
    ...(monthLimit !== undefined && { monthLimit }),
  });
  return {
    timeZone,
    userBudget: budget(limit("LLM_USER_BUDGET_DAY"), limit("LLM_USER_BUDGET_MONTH")),
    systemBudget: budget(limit("LLM_BUDGET_DAY"), limit("LLM_BUDGET_MONTH")),
    maxRequestMs: read.number("LLM_HOLD_MS"),
  };
}
