// Keys of providers that a user brings. They are sealed, and no answer shows one.
import { hash } from "node:crypto";
import { ModelSettings, type ProviderKey } from "../../../actors/models/contract.ts";
import { invalidField, optionalFlag, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { count, flag, list, nullable, object, text } from "../../wire/shapes/fields.ts";
import { isoTime, isoTimeOrNull } from "../identity/account.ts";
import { momentIn, optionalMoment } from "../kit/moment.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { isoShape, succeeded, success } from "../kit/shapes.ts";
import { nextchat } from "../kit/surface.ts";

interface NewKey {
  provider: string;
  api_key: string;
  display_name?: string;
  expires_at?: string | number;
}
const keyShape = object(
  {
    ...{ id: text(64), provider: text(50), display_name: text(255), is_active: flag, created_at: isoShape },
    ...{ expires_at: nullable(isoShape), last_used_at: nullable(isoShape), usage_count: count() },
  },
  "ProviderKey",
);

export const nextchatKeyRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: nextchat,
    method: "GET",
    path: "/api/api-keys",
    auth: "user",
    summary: "The caller's keys of providers, without the keys",
    answers: object({ data: list(keyShape), total: count() }),
    async handle({ principal: { userId }, edge, call }) {
      const { keys } = await edge.actors.get(ModelSettings, userId).keys({}, call);
      return { data: keys.map(onWire), total: keys.length };
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/api/api-keys",
    auth: "user",
    summary: "Adds a key of a provider: the caller's requests to it use the key",
    body: schema<NewKey>(
      {
        provider: { type: "string", min: 1, max: 50 },
        api_key: { type: "string", min: 1, max: 4_096 },
        display_name: optionalText(255),
        expires_at: optionalMoment,
      },
      { example: { provider: "openai", api_key: "sk-…", display_name: "mine" } },
    ),
    answers: keyShape,
    errors: ["llm.list_full"],
    async handle({ principal: { userId }, body, edge, call }) {
      const expiresAtMs = momentIn("expires_at", body.expires_at);
      const key = await edge.actors.get(ModelSettings, userId).addKey(
        {
          provider: body.provider,
          displayName: body.display_name ?? body.provider,
          sealedKey: edge.secrets.seal(body.api_key),
          keyHash: hash("sha256", body.api_key, "base64url"),
          ...(expiresAtMs !== undefined && { expiresAtMs }),
        },
        call,
      );
      return onWire(key);
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "DELETE",
    path: "/api/api-keys/:id",
    auth: "user",
    summary: "Removes a key",
    answers: success,
    errors: ["llm.key_not_found"],
    async handle({ principal: { userId }, params, edge, call }) {
      await edge.actors.get(ModelSettings, userId).removeKey({ keyId: params.id }, call);
      return succeeded;
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "PUT",
    path: "/api/api-keys/:id/active",
    auth: "user",
    summary: "Switches a key on or off",
    body: schema<{ is_active?: boolean; active?: boolean }>(
      { is_active: optionalFlag, active: optionalFlag },
      { example: { is_active: false } },
    ),
    answers: keyShape,
    errors: ["llm.key_not_found"],
    async handle({ principal: { userId }, params, body, edge, call }) {
      const isActive = body.is_active ?? body.active;
      if (isActive === undefined) throw invalidField("is_active", "required");
      return onWire(await edge.actors.get(ModelSettings, userId).setKeyActive({ keyId: params.id, isActive }, call));
    },
  }),
];

function onWire({ keyId, provider, displayName, isActive, ...key }: ProviderKey) {
  const { createdAtMs, expiresAtMs, lastUsedAtMs, usageCount } = key;
  return {
    ...{ id: keyId, provider, display_name: displayName, is_active: isActive, created_at: isoTime(createdAtMs) },
    expires_at: isoTimeOrNull(expiresAtMs),
    ...{ last_used_at: isoTimeOrNull(lastUsedAtMs), usage_count: usageCount },
  };
}
