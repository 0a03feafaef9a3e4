// What a user may spend on models: as an administrator sees and sets it.
import { Account, type BudgetLimit } from "../../../actors/account/contract.ts";
import { picoPerDollar } from "../../../actors/account/money.ts";
import { invalidField, optionalText, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { budgetShape } from "../../wire/shapes/usage.ts";
import { budgetOnWire } from "../../wire/usage.ts";
import { findAccount } from "../identity/account.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { gpt2api } from "../kit/surface.ts";

interface BudgetBody {
  day_limit?: number | "unlimited";
  month_limit?: number | "unlimited";
  time_zone?: string;
}

/** The most that a limit can be in whole pico-dollars. */
const maxDollars = Math.floor(Number.MAX_SAFE_INTEGER / picoPerDollar);
const limit = {
  type: "multi",
  optional: true,
  rules: [
    { type: "number", min: 0, max: maxDollars },
    { type: "string", enum: ["unlimited"] },
  ],
} as const;

export const adminBudgetRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: gpt2api,
    method: "GET",
    path: "/admin/users/:id/budget",
    auth: "admin",
    summary: "A user's budget for models, and what is used of it",
    answers: budgetShape,
    errors: ["user.not_found"],
    async handle({ params, edge, call }) {
      const userId = await userIn(edge, params.id);
      return budgetOnWire(await edge.actors.get(Account, userId).budget({}, call));
    },
  }),

  surfaceRoute({
    surface: gpt2api,
    method: "PUT",
    path: "/admin/users/:id/budget",
    auth: "admin",
    summary: "Sets a user's limits in dollars per day and month; a limit that is left out is the configured one",
    body: schema<BudgetBody>(
      { day_limit: limit, month_limit: { ...limit }, time_zone: optionalText(64) },
      { example: { day_limit: 5, month_limit: "unlimited", time_zone: "Asia/Shanghai" } },
    ),
    answers: budgetShape,
    errors: ["user.not_found"],
    async handle({ params, body, edge, call }) {
      const account = edge.actors.get(Account, await userIn(edge, params.id));
      const dayLimit = limitIn("day_limit", body.day_limit);
      const monthLimit = limitIn("month_limit", body.month_limit);
      const input = {
        ...(dayLimit !== undefined && { dayLimit }),
        ...(monthLimit !== undefined && { monthLimit }),
        ...(body.time_zone !== undefined && { timeZone: body.time_zone }),
      };
      await account.setBudget(input, call);
      return budgetOnWire(await account.budget({}, { ...call, commandId: undefined }));
    },
  }),
];

async function userIn(edge: Edge, text: string): Promise<string> {
  const userId = stampId(text, "user.not_found");
  await findAccount(edge, userId);
  return userId;
}

function limitIn(field: string, dollars: number | "unlimited" | undefined): BudgetLimit | undefined {
  if (dollars === undefined || dollars === "unlimited") return dollars;
  const micro = Math.round(dollars * 1e6);
  if (Math.abs(micro - dollars * 1e6) > 1e-3) throw invalidField(field, "dollars with six decimals at most");
  return micro * (picoPerDollar / 1e6);
}
