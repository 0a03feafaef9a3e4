// The accounts of the pool, as the admin pages call them: tokens.
import { type Credential, defaultPool, Pool } from "../../../actors/pool/contract.ts";
import { maxWeight, minWeight } from "../../../actors/pool/rules.ts";
import { statusOf } from "../../../actors/pool/status.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError, invalidField } from "../../../actors/shared/errors.ts";
import { optionalCount, optionalFlag, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { isMultipart, readMultipart } from "../../kit/multipart.ts";
import { readBody } from "../../rest/kit/body.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { choice, count, flag, list, nullable, object, optional, text } from "../../wire/shapes/fields.ts";
import { isoTime, isoTimeOrNull } from "../identity/account.ts";
import { type Http, type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { intId, isoShape, succeeded, success } from "../kit/shapes.ts";
import { gpt2api } from "../kit/surface.ts";
import { type ImportFile, importAccounts, maxImportBytes, parseAccounts } from "./accounts/import-accounts.ts";

interface TokenPatch {
  is_active?: boolean;
  name?: string;
  weight?: number;
}

const defaultPage = 100;
const maxPage = 500;
const maxFiles = 200;

const tokenShape = object({
  id: intId,
  name: text(200),
  email: text(200),
  account_id: text(200),
  expired_at: nullable(isoShape),
  last_refresh_at: nullable(isoShape),
  is_active: flag,
  status: choice("active", "cooling", "expired", "refresh_failed", "disabled"),
  reason: nullable(text(500)),
  cools_until: nullable(isoShape),
  weight: count(),
  has_refresh_token: flag,
  created_at: isoShape,
});

const changeToken = {
  surface: gpt2api,
  auth: "admin",
  path: "/admin/tokens/:id",
  body: schema<TokenPatch>(
    { is_active: optionalFlag, name: optionalText(200), weight: optionalCount(maxWeight) },
    { example: { is_active: false }, refuses: "common.invalid", sentBack: tokenShape.props },
  ),
  answers: tokenShape,
  errors: ["llm.credential_not_found"],
  async handle({
    params,
    body,
    edge,
    call,
  }: {
    params: { id: string };
    body: TokenPatch;
    edge: Edge;
    call: CallOptions;
  }) {
    const { is_active: isActive, name, weight } = body;
    if (isActive === undefined && name === undefined && weight === undefined) {
      throw invalidField("is_active", `a boolean; or name, or weight from ${minWeight} to ${maxWeight}`);
    }
    await edge.actors.get(Pool, defaultPool).change({ credentialId: params.id, isActive, name, weight }, call);
    edge.accounts.changed(defaultPool);
    return findToken(edge, params.id, call);
  },
} as const;

export const adminTokenRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: gpt2api,
    method: "GET",
    path: "/admin/tokens",
    auth: "admin",
    summary: "The accounts of the pool, oldest first; their tokens are never shown",
    query: schema<{ page?: number; limit?: number }>({ page: optionalCount(1_000_000), limit: optionalCount(maxPage) }),
    answers: object({
      data: list(tokenShape),
      tokens: list(tokenShape),
      total: count(),
      page: count(),
      limit: count(),
    }),
    async handle({ query: { page = 1, limit = defaultPage }, edge, call }) {
      const all = await listTokens(edge, call);
      const tokens = all.slice((page - 1) * limit, page * limit);
      return { data: tokens, tokens, total: all.length, page, limit };
    },
  }),

  surfaceRoute({
    surface: gpt2api,
    method: "POST",
    path: "/admin/tokens/import",
    auth: "admin",
    reads: "stream",
    summary:
      "Imports accounts: a form with `file` or `files`, or one account, an array of them, or {tokens: […]} as JSON",
    answers: object({
      total: count(),
      successCount: count(),
      failedCount: count(),
      errors: list(object({ index: count(), reason: text(500), file: optional(text(500)) })),
    }),
    errors: ["gateway.malformed", "common.too_large"],
    async handle({ http, edge }) {
      return importAccounts(edge, defaultPool, await filesOf(http));
    },
  }),

  surfaceRoute({
    ...changeToken,
    method: "PATCH",
    summary:
      "Disables or enables an account, renames it, or sets its weight; to enable it forgets why it did not serve",
  }),

  surfaceRoute({ ...changeToken, method: "PUT", summary: "The same as PATCH" }),

  surfaceRoute({
    surface: gpt2api,
    method: "DELETE",
    path: "/admin/tokens/:id",
    auth: "admin",
    summary: "Removes an account from the pool",
    answers: success,
    errors: ["llm.credential_not_found"],
    async handle({ params, edge, call }) {
      await edge.actors.get(Pool, defaultPool).remove({ credentialId: params.id }, call);
      edge.accounts.changed(defaultPool);
      return succeeded;
    },
  }),

  surfaceRoute({
    surface: gpt2api,
    method: "POST",
    path: "/admin/tokens/:id/refresh",
    auth: "admin",
    summary: "Refreshes an account now",
    answers: tokenShape,
    errors: ["llm.credential_not_found", "llm.refresh_failed", "common.conflict"],
    async handle({ params, edge, call }) {
      await edge.accounts.refreshNow(defaultPool, params.id);
      return findToken(edge, params.id, call);
    },
  }),
];

async function listTokens(edge: Edge, call: CallOptions) {
  const { credentials = [] } = await edge.actors.get(Pool, defaultPool).list({}, call);
  return credentials.map((credential) => onWire(credential, edge.clock.nowMs()));
}

async function findToken(edge: Edge, credentialId: string, call: CallOptions) {
  const found = (await listTokens(edge, call)).find(({ id }) => String(id) === credentialId);
  if (!found) throw new DomainError("llm.credential_not_found");
  return found;
}

function onWire(credential: Credential, nowMs: number) {
  const { status, reason } = statusOf(credential, nowMs);
  const { credentialId, accountId, expiresAtMs, lastRefreshAtMs, cooling, createdAtMs } = credential;
  const coolsUntilMs = Math.max(0, ...Object.values(cooling).map(({ untilMs }) => untilMs));
  return {
    id: Number(credentialId),
    name: credential.name,
    email: credential.email,
    account_id: accountId,
    expired_at: isoTimeOrNull(expiresAtMs),
    last_refresh_at: isoTimeOrNull(lastRefreshAtMs),
    is_active: credential.isActive,
    status,
    reason: reason ?? null,
    cools_until: coolsUntilMs > nowMs ? isoTimeOrNull(coolsUntilMs) : null,
    weight: credential.weight,
    has_refresh_token: credential.hasRefreshToken,
    created_at: isoTime(createdAtMs),
  };
}

/** Throws gateway.malformed, common.too_large, common.invalid for a form without a file. */
async function filesOf({ request }: Http): Promise<ImportFile[]> {
  if (!isMultipart(request)) {
    const bytes = await readBody(request, maxImportBytes);
    parseAccounts(bytes);
    return [{ name: "", bytes }];
  }
  const files: ImportFile[] = [];
  const limits = {
    ...{ maxBodyBytes: maxImportBytes, maxFiles, maxFileBytes: maxImportBytes },
    ...{ maxFields: 20, maxFieldBytes: maxImportBytes },
  };
  let sizeBytes = 0;
  const fields = await readMultipart(request, limits, async ({ name, bytes }) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (sizeBytes > maxImportBytes)
        throw new DomainError("common.too_large", { details: { maxBytes: maxImportBytes } });
      chunks.push(chunk);
    }
    files.push({ name: name.slice(0, 200), bytes: Buffer.concat(chunks) });
  });
  for (const name of ["file", "files", "files[]"]) {
    const value = fields.get(name);
    if (value !== undefined) files.push({ name, bytes: Buffer.from(value) });
  }
  if (files.length === 0) throw invalidField("file", "one file or more");
  return files;
}
