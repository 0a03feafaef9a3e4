// The dashboard and the log of requests, for administrators. Both are sums of the same rows.
import type { UsageTotal } from "../../../actors/account/rows.ts";
import { type UsageRange, usageRanges } from "../../../actors/account/usage.ts";
import { Keyring } from "../../../actors/keyring/contract.ts";
import { defaultPool, Pool } from "../../../actors/pool/contract.ts";
import { statusOf } from "../../../actors/pool/status.ts";
import { schema } from "../../input/validate.ts";
import { choice, count, type Field, list, object, text } from "../../wire/shapes/fields.ts";
import { isoTime } from "../identity/account.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { isoShape } from "../kit/shapes.ts";
import { gpt2api } from "../kit/surface.ts";
import { sumProps, sumsOnWire } from "../kit/usage-sums.ts";

const rate: Field<number> = { type: "number", min: 0, max: 1, description: "share of requests, 0 to 1" };
const groups = { model: "model", key: "key", token: "credential" } as const;

export const adminStatsRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: gpt2api,
    method: "GET",
    path: "/admin/stats/overview",
    auth: "admin",
    summary: "Keys, accounts, the requests of this day (UTC) and the sums of the last 30 days",
    answers: object({
      apiKeys: count(),
      activeApiKeys: count(),
      tokens: count("accounts of the pool"),
      activeTokens: count(),
      todayRequests: count(),
      successRate: rate,
      today: object(sumProps),
      totals: object(sumProps),
    }),
    async handle({ edge, call }) {
      const [{ keys }, { credentials = [] }, { today, month }] = await Promise.all([
        edge.actors.get(Keyring, "system").keys({}, call),
        edge.actors.get(Pool, defaultPool).list({}, call),
        edge.usage.overview(),
      ]);
      return {
        apiKeys: keys.length,
        activeApiKeys: keys.filter(({ isActive }) => isActive).length,
        tokens: credentials.length,
        activeTokens: credentials.filter((each) => statusOf(each, edge.clock.nowMs()).status === "active").length,
        todayRequests: today.requests,
        successRate: successRate(today.requests > 0 ? today : month),
        today: sumsOnWire(today),
        totals: sumsOnWire(month),
      };
    },
  }),

  surfaceRoute({
    surface: gpt2api,
    method: "GET",
    path: "/admin/stats/usage",
    auth: "admin",
    summary: "Sums by hour (24h) or day (7d, 30d), of all requests or by model, key or account",
    query: schema<{ range?: UsageRange; group_by?: keyof typeof groups }>({
      range: { type: "string", enum: [...usageRanges], optional: true },
      group_by: { type: "string", enum: Object.keys(groups), optional: true },
    }),
    answers: object({
      range: choice(...usageRanges),
      data: list(object({ time: isoShape, group: text(256), ...sumProps })),
    }),
    async handle({ query: { range = "24h", group_by: groupBy }, edge }) {
      const points = await edge.usage.series(range, groupBy && groups[groupBy]);
      return {
        range,
        data: points.map(({ atMs, group, ...sums }) => ({ time: isoTime(atMs), group, ...sumsOnWire(sums) })),
      };
    },
  }),
];

function successRate({ requests, failed }: UsageTotal): number {
  return requests === 0 ? 1 : Math.round(((requests - failed) / requests) * 10_000) / 10_000;
}
