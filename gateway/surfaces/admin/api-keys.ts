// The keys of programs, for administrators: each is shown once, when it is made. Its calls belong to the administrator who made it.
import { Account, type KeyUse } from "../../../actors/account/contract.ts";
import { type ApiKey, Keyring } from "../../../actors/keyring/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { createApiKey } from "../../auth/api-keys.ts";
import { maxActorsAsked } from "../../rest/kit/max-actors-asked.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { list } from "../../wire/shapes/fields.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { succeeded, success } from "../kit/shapes.ts";
import { gpt2api } from "../kit/surface.ts";
import { changesLimits, keyBody, limitsOf } from "./key-body.ts";
import { keyOnWire, keyShape } from "./shapes.ts";

const ring = "system";

export const adminKeyRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: gpt2api,
    method: "GET",
    path: "/admin/api-keys",
    auth: "admin",
    summary: "All API keys, masked",
    answers: list(keyShape),
    async handle({ edge, call }) {
      const { keys } = await edge.actors.get(Keyring, ring).keys({}, call);
      const use = await usesOf(edge, keys, call);
      return keys.map((key) => keyOnWire(key, use.get(key.keyId)));
    },
  }),

  surfaceRoute({
    surface: gpt2api,
    method: "POST",
    path: "/admin/api-keys",
    auth: "admin",
    summary: "Makes an API key; the answer is the only one that shows it",
    body: keyBody({ name: "laptop", rpm: 60 }),
    answers: keyShape,
    errors: ["common.too_large"],
    async handle({ principal: { userId: ownerId }, body, edge, call }) {
      const { key, hash, hint } = createApiKey(edge.random);
      const input = { hash, hint, ownerId, name: body.name ?? "", limits: limitsOf(body, {}) };
      const made = await edge.actors.get(Keyring, ring).addKey(input, withoutId(call));
      return { ...keyOnWire(made, undefined), key };
    },
  }),

  ...(["PATCH", "PUT"] as const).map((method) =>
    surfaceRoute({
      surface: gpt2api,
      method,
      path: "/admin/api-keys/:id",
      auth: "admin",
      summary: "Changes the fields of an API key that are given; `limits` replaces all limits",
      body: keyBody({ is_active: false }),
      answers: keyShape,
      errors: ["llm.key_not_found"],
      async handle({ params: { id: keyId }, body, edge, call }) {
        const keyring = edge.actors.get(Keyring, ring);
        const known = (await keyring.keys({}, call)).keys.find((key) => key.keyId === keyId);
        const limits = limitsOf(body, known?.limits ?? {});
        const { name, is_active: isActive } = body;
        const input = {
          keyId,
          ...(name !== undefined && { name }),
          ...(isActive !== undefined && { isActive }),
          ...(changesLimits(body) && { limits }),
        };
        const key = await keyring.changeKey(input, call);
        return keyOnWire(key, (await usesOf(edge, [key], call)).get(keyId));
      },
    }),
  ),

  surfaceRoute({
    surface: gpt2api,
    method: "DELETE",
    path: "/admin/api-keys/:id",
    auth: "admin",
    summary: "Removes an API key: it works nowhere any more within a second",
    answers: success,
    errors: ["llm.key_not_found"],
    async handle({ params, edge, call }) {
      await edge.actors.get(Keyring, ring).removeKey({ keyId: params.id }, call);
      return succeeded;
    },
  }),
];

/** Two requests under one Idempotency-Key make different secrets: a kept answer would show a key whose secret nobody has. */
function withoutId({ commandId: _, ...call }: CallOptions): CallOptions {
  return call;
}

async function usesOf(edge: Edge, keys: readonly ApiKey[], call: CallOptions): Promise<Map<string, KeyUse>> {
  const owners = [...new Set(keys.map(({ ownerId }) => ownerId))];
  const uses = await mapBounded(owners, maxActorsAsked, (ownerId) =>
    edge.actors.get(Account, ownerId).keyUse({}, call),
  );
  return new Map(uses.flatMap(({ keys: used }) => Object.entries(used)));
}
