// Shapes of the administration that several of its routes share.

import type { KeyUse } from "../../../actors/account/contract.ts";
import type { ApiKey } from "../../../actors/keyring/contract.ts";
import { count, flag, nullable, object, optional, text, type ValueOf } from "../../wire/shapes/fields.ts";
import { isoTime, isoTimeOrNull } from "../identity/account.ts";
import { intId, isoShape } from "../kit/shapes.ts";

export const keyShape = object(
  {
    id: intId,
    key: text(64, "masked"),
    name: text(100),
    created_at: isoShape,
    last_used_at: nullable(isoShape),
    usage_count: count("settled requests"),
    tokens_used: count("over the key's life"),
    is_active: flag,
    quota: optional(count("tokens over the key's life")),
    rpm: optional(count("requests per minute")),
    tpm: optional(count("tokens per minute")),
    parallel: optional(count("requests at once")),
  },
  "ApiKey",
);

export function keyOnWire(key: ApiKey, use: KeyUse | undefined): ValueOf<typeof keyShape> {
  const { quotaTokens, rpm, tpm, parallel } = key.limits;
  return {
    ...{ id: Number(key.keyId), key: key.hint, name: key.name, created_at: isoTime(key.createdAtMs) },
    last_used_at: isoTimeOrNull(use?.lastUsedAtMs),
    ...{ usage_count: use?.requests ?? 0, tokens_used: use?.tokens ?? 0, is_active: key.isActive },
    ...(quotaTokens !== undefined && { quota: quotaTokens }),
    ...(rpm !== undefined && { rpm }),
    ...(tpm !== undefined && { tpm }),
    ...(parallel !== undefined && { parallel }),
  };
}
