// A surface is a family of routes that clients of one product speak: it shapes errors as they read them.
import type { DomainError } from "../../../actors/shared/errors.ts";
import { statusByKind } from "../../kit/envelope.ts";
import type { RateLimit } from "../../ports.ts";
import { inWords } from "./expected-words.ts";

/** Where a refused field stands. */
export type Part = "path" | "query" | "body";

/**
 * Who is let in. `user`: a login's token. `key`: an `sk-` key, or a login's token. `admin`: a login's token or the cookie of
 * the admin pages, of an administrator.
 */
export type SurfaceAuth = "none" | "user" | "key" | "admin";

interface SurfaceFailure {
  readonly error: DomainError;
  readonly status: number;
  readonly partOf: (field: string) => Part;
}

export interface Surface {
  readonly name: "nextchat" | "chat" | "gpt2api" | "image" | "v1";
  /** For the reference. */
  readonly title: string;
  /** What a request whose shape is wrong is answered. */
  readonly invalidStatus: 400 | 422;
  /** Of all its routes together, beside the limit of every user. */
  readonly userLimit?: RateLimit;
  /** The body of an answer with an error status. */
  failure(failure: SurfaceFailure): unknown;
}

export const nextchat: Surface = {
  name: "nextchat",
  title: "NextChat",
  invalidStatus: 400,
  failure: ({ error }) => ({ error: { code: error.code, message: sentence(error) }, message: sentence(error) }),
};

export const chat: Surface = {
  name: "chat",
  title: "One-to-one chat",
  invalidStatus: 422,
  userLimit: { name: "chat.user", burst: 60, perMinute: 60, isShared: true },
  failure: ({ error, status, partOf }) => ({
    detail:
      status === 422
        ? refusedFields(error).map(({ field, expected }) => ({
            loc: [partOf(field), ...field.split(".").filter((part) => part !== "")],
            msg: expected,
            type: "value_error",
          }))
        : error.message,
  }),
};

export const gpt2api: Surface = {
  name: "gpt2api",
  title: "Administration",
  invalidStatus: 400,
  failure: ({ error }) => ({ error: sentence(error), code: error.code }),
};

export const image: Surface = {
  name: "image",
  title: "Image editing",
  invalidStatus: 400,
  failure: ({ error }) => ({ success: false, error: sentence(error), message: sentence(error), code: error.code }),
};

export const v1: Surface = {
  name: "v1",
  title: "OpenAI",
  invalidStatus: 400,
  failure: ({ error, status }) => ({
    error: {
      message: sentence(error),
      type: openAiTypes[status] ?? (status >= 500 ? "server_error" : "invalid_request_error"),
      param: refusedFields(error)[0]?.field || null,
      code: openAiCodes[error.error] ?? error.error,
    },
  }),
};

const openAiTypes: Readonly<Record<number, string>> = {
  401: "authentication_error",
  402: "insufficient_quota",
  403: "permission_error",
  429: "rate_limit_error",
};
const openAiCodes: Readonly<Record<string, string>> = {
  "llm.key_invalid": "invalid_api_key",
  "auth.token_invalid": "invalid_api_key",
  "llm.budget_spent": "insufficient_quota",
  "llm.key_spent": "insufficient_quota",
  "llm.model_unknown": "model_not_found",
  "llm.no_provider": "no_provider",
  "llm.rate_limited": "rate_limit_exceeded",
  "common.too_many": "rate_limit_exceeded",
  "llm.prompt_too_long": "context_length_exceeded",
};

/** A body, a query or a path that does not fit has the surface's own status; every other error has that of its kind. */
export function statusOn({ invalidStatus }: Surface, { error, kind }: DomainError): number {
  return error === "common.invalid" || error === "gateway.malformed" ? invalidStatus : statusByKind[kind];
}

/** The message, and of refused fields their names, because most clients show one text. */
function sentence(error: DomainError): string {
  const fields = error.error === "common.invalid" ? refusedFields(error).filter(({ field }) => field !== "") : [];
  if (fields.length === 0) return error.message;
  return `${error.message} ${fields.map(({ field, expected }) => `${field}: ${expected}`).join("; ")}`;
}

function refusedFields({ details, message }: DomainError): { field: string; expected: string }[] {
  const isList = Array.isArray(details) && details.every((each) => typeof each?.field === "string");
  if (!isList) return [{ field: "", expected: message }];
  const fields = details as { field: string; expected: string }[];
  return fields.map(({ field, expected }) => ({ field, expected: inWords(expected) }));
}
