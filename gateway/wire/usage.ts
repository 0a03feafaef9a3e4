// Usage of models as clients see it. Money is a text of dollars: no client adds up rounded numbers.
import type { BudgetUse } from "../../actors/account/contract.ts";
import { dollarsOf } from "../../actors/account/money.ts";
import type { UsageTotal } from "../../actors/account/rows.ts";
import type { ValueOf } from "./shapes/fields.ts";
import type { budgetShape, usageTotalShape } from "./shapes/usage.ts";

export function budgetOnWire({ day, month, timeZone }: Budget): ValueOf<typeof budgetShape> {
  return { day: useOnWire(day), month: useOnWire(month), timeZone };
}
interface Budget {
  day: BudgetUse;
  month: BudgetUse;
  timeZone: string;
}

function useOnWire({ used, held, limit, resetsAtMs }: BudgetUse) {
  return {
    used: dollarsOf(used),
    held: dollarsOf(held),
    ...(limit !== undefined && { limit: dollarsOf(limit) }),
    resetsAt: resetsAtMs,
  };
}

export function usageTotalOnWire(total: UsageTotal): ValueOf<typeof usageTotalShape> {
  const { requests, failed, unpriced, promptTokens, cachedTokens, answerTokens, images, cost } = total;
  return {
    ...{ requests, failed, unpriced, promptTokens, cachedTokens, images },
    completionTokens: answerTokens,
    cost: dollarsOf(cost),
  };
}
