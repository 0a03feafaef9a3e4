// The log of requests, newest first.

import type { RequestRow } from "../../../actors/account/rows.ts";
import { isFailed } from "../../../actors/account/totals.ts";
import { answerTokensOf, promptTokensOf } from "../../../actors/llm/usage.ts";
import { optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { encodeCursor, optionalCursor, parseCursor } from "../../rest/kit/cursor.ts";
import { choice, count, flag, list, nullable, object, text, type ValueOf } from "../../wire/shapes/fields.ts";
import { isoTime } from "../identity/account.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { intId, isoShape } from "../kit/shapes.ts";
import { gpt2api } from "../kit/surface.ts";
import { costOnWire, costShape } from "../kit/usage-sums.ts";

const defaultLimit = 50;
const maxLimit = 200;

const logShape = object(
  {
    id: intId,
    request_id: text(128),
    user_id: text(16),
    api_key_id: nullable(intId),
    token_id: nullable(intId),
    provider: nullable(text(64)),
    model: text(200),
    surface: choice("v1", "nextchat", "chat", "image", "im"),
    endpoint: text(200),
    status_code: count(),
    is_failed: flag,
    reason: text(32),
    error_message: nullable(text(600)),
    created_at: isoShape,
    latency_ms: count(),
    first_byte_ms: nullable(count()),
    attempts: count(),
    prompt_tokens: count(),
    completion_tokens: count(),
    total_tokens: count(),
    cost: costShape,
    lost_cost: { ...costShape, description: "dollars that the upstream charges and nobody is billed" },
    unpriced: flag,
    estimated: flag,
  },
  "RequestLog",
);

interface Query {
  limit?: number;
  cursor?: string;
  status?: string;
  model?: string;
}

export const adminLogRoute: SurfaceRoute = surfaceRoute({
  surface: gpt2api,
  method: "GET",
  path: "/admin/logs",
  auth: "admin",
  summary: "Requests of the last 31 days, newest first; `status`: success, error or a status code",
  query: schema<Query>({
    limit: { type: "number", integer: true, convert: true, min: 1, max: maxLimit, optional: true },
    cursor: optionalCursor,
    status: { type: "string", pattern: /^(success|error|[1-5]\d\d)$/, optional: true },
    model: optionalText(200),
  }),
  answers: object({ logs: list(logShape, maxLimit), next_cursor: nullable(text(64)) }),
  async handle({ query: { limit = defaultLimit, cursor = "", status, model }, edge }) {
    const place = parseCursor(cursor);
    const asked = {
      ...(place && { before: { id: Number(place.id), atMs: place.atMs } }),
      ...(model !== undefined && { model }),
      ...statusFilter(status),
    };
    const { rows, hasMore } = await edge.usage.log(asked, limit);
    const last = rows.at(-1);
    return {
      logs: rows.map(logOnWire),
      next_cursor: hasMore && last ? encodeCursor({ atMs: last.atMs, id: String(last.id) }) : null,
    };
  },
});

function statusFilter(status: string | undefined): { status?: number; isFailed?: boolean } {
  if (status === undefined) return {};
  return /^\d/.test(status) ? { status: Number(status) } : { isFailed: status === "error" };
}

function logOnWire(row: RequestRow): ValueOf<typeof logShape> {
  const prompt = promptTokensOf(row.usage);
  const answer = answerTokensOf(row.usage);
  return {
    ...{ id: row.id, request_id: row.requestId, user_id: row.userId },
    api_key_id: row.keyId === undefined ? null : Number(row.keyId),
    token_id: row.credentialId === undefined ? null : Number(row.credentialId),
    provider: row.provider ?? null,
    ...{
      model: row.model,
      surface: row.surface,
      endpoint: row.endpoint,
      status_code: row.status,
      is_failed: isFailed(row),
    },
    ...{ reason: row.reason, error_message: row.error ?? null, created_at: isoTime(row.atMs) },
    ...{ latency_ms: row.ms, first_byte_ms: row.firstByteMs ?? null, attempts: row.attempts.length },
    ...{ prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer },
    cost: costOnWire(row.cost),
    lost_cost: costOnWire(row.lostCost ?? 0),
    unpriced: row.price === undefined,
    estimated: row.usage.isEstimated === true,
  };
}
