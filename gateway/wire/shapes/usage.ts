import { count, list, object, optional, text, time } from "./fields.ts";

const dollars = text(32, "dollars, six decimals");

const budgetUseShape = object(
  {
    used: dollars,
    held: { ...dollars, description: "dollars that running requests may cost" },
    limit: optional({ ...dollars, description: "dollars; absent: unlimited" }),
    resetsAt: time,
  },
  "BudgetUse",
);

const totalProps = {
  requests: count(),
  failed: count("requests whose answer did not come as it should have"),
  unpriced: count("requests of models without a price"),
  promptTokens: count(),
  cachedTokens: count("of promptTokens"),
  completionTokens: count(),
  images: count(),
  cost: dollars,
};
export const usageTotalShape = object(totalProps, "UsageTotal");

export const budgetShape = object({ day: budgetUseShape, month: budgetUseShape, timeZone: text(64) }, "Budget");

export const modelUsageShape = object(
  {
    budget: budgetShape,
    from: time,
    to: time,
    totals: usageTotalShape,
    groups: list(object({ group: text(256), ...totalProps }, "UsageGroup"), 1_000),
  },
  "ModelUsage",
);
