// The routes of OpenAI's format for the reference and the table of rights. Bodies go up as they came: the fields that are named here
// are those that this server itself reads, and every other one is allowed.
import type { ErrorName } from "../../actors/shared/errors.ts";
import { schema } from "../input/validate.ts";
import type { DescribedSurfaceRoute } from "../surfaces/kit/route.ts";
import { v1 } from "../surfaces/kit/surface.ts";
import { defaultV1Limits } from "../v1-ports.ts";
import { anything, choice, count, flag, list, object, optional, text } from "../wire/shapes/fields.ts";
import { maxOf } from "./body.ts";

const { maxBodyBytes } = defaultV1Limits;
const ofModels: readonly ErrorName[] = [
  ...(["llm.no_provider", "llm.budget_spent", "llm.key_spent", "llm.rate_limited"] as const),
  ...(["llm.upstream_failed", "llm.upstream_silent"] as const),
];
const many = Number.MAX_SAFE_INTEGER;
const model = { type: "string", min: 1, max: maxOf.modelChars } as const;
const stream = { type: "boolean", optional: true } as const;
const counted = (max: number) => ({ type: "number", integer: true, min: 1, max, optional: true }) as const;
const anyText = { type: "string", min: 1, max: many } as const;
const inputs = { type: "multi", rules: [anyText, { type: "array", items: "any", min: 1 }] } as const;

const usage = optional(
  object({
    prompt_tokens: count(),
    completion_tokens: count(),
    total_tokens: count(),
    prompt_tokens_details: anything,
  }),
);
const response = {
  ...object({
    ...{ id: text(64), object: choice("response"), created_at: count("s since 1970"), model: text(256) },
    ...{ status: choice("in_progress", "completed", "incomplete", "failed", "cancelled") },
    ...{ output: list(anything), error: anything, usage: anything },
  }),
  strict: false,
};
const listedModel = object({
  id: text(256),
  object: choice("model"),
  created: count("s since 1970"),
  owned_by: text(64),
});

type Described = Pick<DescribedSurfaceRoute, "method" | "path" | "summary" | "answers"> &
  Partial<Pick<DescribedSurfaceRoute, "body" | "query" | "errors" | "reads" | "maxBodyBytes">>;

function described(route: Described): DescribedSurfaceRoute {
  return { surfaces: [v1], auth: "key", status: 200, reads: "json", ...route };
}

function creates(route: Omit<Described, "method">): DescribedSurfaceRoute {
  return described({ method: "POST", reads: "bytes", maxBodyBytes, errors: ofModels, ...route });
}

export const v1Routes: readonly DescribedSurfaceRoute[] = [
  creates({
    path: "/v1/chat/completions",
    summary: "A chat completion: whole, or as server-sent events that end with [DONE]",
    body: {
      ...schema<object>({
        ...{ model, messages: { type: "array", items: "any", min: 1 }, stream, n: counted(maxOf.choices) },
        ...{ max_tokens: counted(maxOf.tokens), max_completion_tokens: counted(maxOf.tokens) },
      }),
      example: { model: "gpt-4o-mini", messages: [{ role: "user", content: "Hello" }] },
    },
    answers: {
      ...object({
        ...{ id: text(128), object: choice("chat.completion"), created: count("s since 1970"), model: text(256) },
        ...{ choices: list(anything), usage },
      }),
      strict: false,
    },
  }),
  creates({
    path: "/v1/responses",
    summary: "A response: whole, as server-sent events, or in the background",
    body: {
      ...schema<object>({
        ...{ model, input: inputs, stream, background: stream, store: stream },
        ...{ previous_response_id: { ...anyText, max: 64, optional: true }, max_output_tokens: counted(maxOf.tokens) },
      }),
      example: { model: "gpt-4o-mini", input: "Hello" },
    },
    errors: [...ofModels, "llm.response_not_found"],
    answers: response,
  }),
  described({
    method: "GET",
    path: "/v1/responses/:id",
    summary: "A response that was stored; with stream=true its events after `starting_after`",
    query: schema<object>({
      stream: { type: "string", max: 5, optional: true },
      starting_after: { type: "string", max: 15, optional: true },
    }),
    errors: ["llm.response_not_found"],
    answers: response,
  }),
  described({
    method: "POST",
    path: "/v1/responses/:id/cancel",
    summary: "Ends a response that runs in the background; again changes nothing",
    errors: ["llm.response_not_found", "common.conflict"],
    answers: response,
  }),
  described({
    method: "DELETE",
    path: "/v1/responses/:id",
    summary: "Removes a stored response",
    errors: ["llm.response_not_found"],
    answers: object({ id: text(64), object: choice("response"), deleted: flag }),
  }),
  creates({
    path: "/v1/embeddings",
    summary: "Embeddings of a text, of texts or of tokens",
    body: {
      ...schema<object>({ model, input: inputs, encoding_format: { type: "string", max: 16, optional: true } }),
      example: { model: "text-embedding-3-small", input: "Hello" },
    },
    answers: {
      ...object({ object: choice("list"), data: list(anything), model: text(256), usage: anything }),
      strict: false,
    },
  }),
  creates({
    path: "/v1/images/generations",
    summary: "Pictures of a text",
    body: {
      ...schema<object>({ model, prompt: anyText, n: counted(maxOf.images), stream }),
      example: { model: "gpt-image-1", prompt: "a lighthouse" },
    },
    answers: { ...object({ created: count("s since 1970"), data: list(anything), usage: anything }), strict: false },
  }),
  described({
    method: "POST",
    path: "/v1/images/edits",
    summary:
      "Pictures made of pictures: files `image` or `image[]`, an optional `mask`, and the fields `model` and `prompt`",
    ...{ reads: "stream", maxBodyBytes, errors: ofModels },
    answers: { ...object({ created: count("s since 1970"), data: list(anything), usage: anything }), strict: false },
  }),
  described({
    method: "GET",
    path: "/v1/models",
    summary: "The models that may be asked for",
    answers: object({ object: choice("list"), data: list(listedModel) }),
  }),
  described({
    method: "GET",
    path: "/v1/models/:id",
    summary: "One model",
    errors: ["llm.model_unknown"],
    answers: listedModel,
  }),
];
