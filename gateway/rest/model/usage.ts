// What the caller used of models, and what is left of the budget.
import { Account } from "../../../actors/account/contract.ts";
import { defaultUsageFrom, maxUsageMs, type UsageRowGroup } from "../../../actors/account/user-usage.ts";
import { invalidField, optionalText, optionalTime } from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { modelUsageShape } from "../../wire/shapes/usage.ts";
import { budgetOnWire, usageTotalOnWire } from "../../wire/usage.ts";
import { type Route, route } from "../kit/route.ts";

interface UsageQuery {
  from?: number;
  to?: number;
  model?: string;
  groupBy?: UsageRowGroup;
}

export const modelUsageRoute: Route = route({
  method: "GET",
  path: "/models/usage",
  auth: "user",
  limit: limits.usage,
  summary: "The caller's budget for models, and what was used of it: by default in the last 30 days",
  query: schema<UsageQuery>({
    from: optionalTime,
    to: optionalTime,
    model: optionalText(200),
    groupBy: { type: "string", enum: ["model", "day", "session", "key"], optional: true },
  }),
  answers: modelUsageShape,
  errors: ["common.too_large"],
  async handle({ caller, query, edge, call }) {
    const toMs = query.to === undefined ? edge.clock.nowMs() + 1 : msOfWireTime(query.to);
    const fromMs = query.from === undefined ? defaultUsageFrom(toMs) : msOfWireTime(query.from);
    if (fromMs >= toMs || toMs - fromMs > maxUsageMs) throw invalidField("from", "before `to`, by 400 days at most");
    const { model, groupBy } = query;
    const asked = { fromMs, toMs, ...(model !== undefined && { model }), ...(groupBy && { groupBy }) };
    const [budget, usage] = await Promise.all([
      edge.actors.get(Account, caller.userId).budget({}, call),
      edge.usage.ofUser(caller.userId, asked, call),
    ]);
    return {
      budget: budgetOnWire(budget),
      from: fromMs,
      to: toMs,
      totals: usageTotalOnWire(usage.totals),
      groups: usage.groups.map(({ group, ...total }) => ({ group, ...usageTotalOnWire(total) })),
    };
  },
});
