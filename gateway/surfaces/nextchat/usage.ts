// What the caller used of models: a row per settled request, or per group, and the sums of all.
import { Account } from "../../../actors/account/contract.ts";
import type { RequestRow } from "../../../actors/account/rows.ts";
import { defaultUsageFrom, maxUsageMs, type UsageRowGroup } from "../../../actors/account/user-usage.ts";
import { answerTokensOf, promptTokensOf } from "../../../actors/llm/usage.ts";
import { invalidField, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { count, flag, list, nullable, object, optional, text, type ValueOf } from "../../wire/shapes/fields.ts";
import { budgetShape } from "../../wire/shapes/usage.ts";
import { budgetOnWire } from "../../wire/usage.ts";
import { conversationOfChat, sessionIdOf } from "../conversations/chats.ts";
import { isoTime } from "../identity/account.ts";
import { momentIn, optionalMoment } from "../kit/moment.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { isoShape } from "../kit/shapes.ts";
import { nextchat } from "../kit/surface.ts";
import { costOnWire, costShape, sumProps, sumsOnWire } from "../kit/usage-sums.ts";

const rowProps = {
  prompt_tokens: count(),
  completion_tokens: count(),
  total_tokens: count(),
  cost: costShape,
};
const rowShape = object({
  ...rowProps,
  id: optional(text(16)),
  model: optional(text(200)),
  created_at: optional(isoShape),
  session_id: optional(nullable(text(64))),
  day: optional(text(10)),
  api_key_id: optional(text(16)),
  requests: optional(count("of a group")),
  unpriced: optional(flag),
});

interface Query {
  from?: string;
  to?: string;
  model?: string;
  session_id?: string;
  group_by?: "model" | "day" | "session" | "session_id" | "key";
}

export const usageRoute: SurfaceRoute = surfaceRoute({
  surface: nextchat,
  method: "GET",
  path: "/api/usage",
  auth: "user",
  limit: limits.usage,
  summary:
    "What the caller used of models in a time, by default the last 30 days: a row per request or per group, newest first",
  query: schema<Query>({
    from: optionalMoment,
    to: optionalMoment,
    model: optionalText(200),
    session_id: optionalText(64),
    group_by: { type: "string", enum: ["model", "day", "session", "session_id", "key"], optional: true },
  }),
  answers: object({
    data: list(rowShape),
    totals: object(sumProps),
    has_more: flag,
    budget: budgetShape,
  }),
  errors: ["common.too_large"],
  async handle({ principal: { userId }, query, edge, call }) {
    const toMs = momentIn("to", query.to, "ends") ?? edge.clock.nowMs() + 1;
    const fromMs = momentIn("from", query.from) ?? defaultUsageFrom(toMs);
    if (fromMs >= toMs || toMs - fromMs > maxUsageMs) throw invalidField("from", "before `to`, by 400 days at most");
    const groupBy = query.group_by === "session_id" ? "session" : query.group_by;
    const { model, session_id: session } = query;
    const asked = {
      ...{ fromMs, toMs },
      ...(model !== undefined && { model }),
      ...(session !== undefined && { conversationId: conversationOfSession(session) }),
      ...(groupBy && { groupBy }),
    };
    const [usage, budget] = await Promise.all([
      edge.usage.ofUser(userId, asked, call),
      edge.actors.get(Account, userId).budget({}, call),
    ]);
    const data = groupBy ? usage.groups.map((each) => groupOnWire(groupBy, each)) : usage.rows.map(rowOnWire);
    return {
      data,
      totals: sumsOnWire(usage.totals),
      has_more: !groupBy && usage.hasMore,
      budget: budgetOnWire(budget),
    };
  },
});

/** A session that the caller does not have has no rows. */
function conversationOfSession(session: string): string {
  return /^[0-9]{1,20}$/.test(session) ? conversationOfChat(session) : session;
}

function rowOnWire(row: RequestRow): ValueOf<typeof rowShape> {
  const prompt = promptTokensOf(row.usage);
  const answer = answerTokensOf(row.usage);
  return {
    ...{ id: String(row.id), model: row.model, created_at: isoTime(row.atMs) },
    session_id: row.conversationId === undefined ? null : sessionIdOf(row.conversationId),
    ...{ prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer, cost: costOnWire(row.cost) },
    ...(row.price === undefined && { unpriced: true }),
  };
}

function groupOnWire(
  groupBy: UsageRowGroup,
  { group, ...total }: Parameters<typeof sumsOnWire>[0] & { group: string },
): ValueOf<typeof rowShape> {
  const { requests, prompt_tokens, completion_tokens, total_tokens, cost } = sumsOnWire(total);
  const name = ({ model: "model", day: "day", session: "session_id", key: "api_key_id" } as const)[groupBy];
  const shown = groupBy === "session" ? sessionIdOf(group) : group;
  return {
    ...{ [name]: shown, requests, prompt_tokens, completion_tokens, total_tokens, cost },
    ...(total.unpriced > 0 && { unpriced: true }),
  };
}
