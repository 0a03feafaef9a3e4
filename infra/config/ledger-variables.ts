// Environment variables of the ledger: budgets, and how long a request may run.
import type { Variable } from "./variable.ts";

const dollars = { unit: "dollars, at most 6 decimals", default: "" } as const;

export const ledgerVariables = {
  LLM_USER_BUDGET_DAY: {
    text: "What each user may spend on models in a day, unless an administrator set another budget. Default: unlimited.",
    ...dollars,
  },
  LLM_USER_BUDGET_MONTH: { text: "The same for a month.", ...dollars },
  LLM_BUDGET_DAY: {
    text: "What all users together may spend on models in a day. Default: unlimited.",
    ...dollars,
  },
  LLM_BUDGET_MONTH: { text: "The same for a month.", ...dollars },
  LLM_TIME_ZONE: {
    text: "Time zone in which days and months of budgets end, Asia/Shanghai for example. A user's budget may have its own.",
    unit: "name",
    default: "UTC",
  },
  LLM_HOLD_MS: {
    text: "A request to a model that runs longer counts as lost: its hold ends, and its payer is not billed.",
    unit: "ms",
    default: "3600000",
    min: 60_000,
    max: 24 * 3_600_000,
  },
} as const satisfies Record<string, Variable>;
