// Access codes of guests, for administrators. A code is shown once, when it is made.
import { type AccessCode, Keyring } from "../../../actors/keyring/contract.ts";
import { createAccessCode, hashAccessCode } from "../../auth/access-codes.ts";
import { invalidField, optionalText } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { count, flag, list, nullable, object, optional, text, type ValueOf } from "../../wire/shapes/fields.ts";
import { isoTime, isoTimeOrNull } from "../identity/account.ts";
import { momentIn, optionalMoment } from "../kit/moment.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { intId, isoShape } from "../kit/shapes.ts";
import { nextchat } from "../kit/surface.ts";

const codeShape = object(
  {
    id: intId,
    code: optional(text(128, "only in the answer that makes it")),
    is_active: flag,
    created_at: isoShape,
    expires_at: nullable(isoShape),
    usage_count: count(),
    max_usage: count(),
    created_by: text(16),
  },
  "AccessCode",
);

interface NewCode {
  code?: string;
  max_usage?: number;
  expires_at?: string | number;
}

export const accessCodeRoutes: SurfaceRoute[] = [
  surfaceRoute({
    surface: nextchat,
    method: "GET",
    path: "/admin/access-codes",
    auth: "admin",
    summary: "All access codes, without the codes themselves",
    answers: list(codeShape),
    async handle({ edge, call }) {
      const { codes } = await edge.actors.get(Keyring, "system").codes({}, call);
      return codes.map((code) => codeOnWire(code));
    },
  }),

  surfaceRoute({
    surface: nextchat,
    method: "POST",
    path: "/admin/access-codes",
    auth: "admin",
    summary: "Makes an access code, by default a random one that is good once",
    body: schema<NewCode>(
      {
        code: optionalText(128),
        max_usage: { type: "number", integer: true, min: 1, max: 1_000_000, optional: true },
        expires_at: optionalMoment,
      },
      { example: { code: "welcome-2026", max_usage: 100 } },
    ),
    answers: codeShape,
    errors: ["common.conflict", "common.too_large"],
    async handle({ principal: { userId: createdBy }, body, edge, call }) {
      const code = body.code ?? createAccessCode(edge.random);
      const hash = hashAccessCode(code);
      if (hash === undefined) throw invalidField("code", "6 to 128 characters");
      const expiresAtMs = momentIn("expires_at", body.expires_at);
      const { max_usage: maxUsage = 1 } = body;
      const input = { hash, createdBy, maxUsage, ...(expiresAtMs !== undefined && { expiresAtMs }) };
      return { ...codeOnWire(await edge.actors.get(Keyring, "system").addCode(input, call)), code };
    },
  }),
];

function codeOnWire(code: AccessCode): ValueOf<typeof codeShape> {
  return {
    ...{ id: Number(code.codeId), is_active: code.isActive, created_at: isoTime(code.createdAtMs) },
    expires_at: isoTimeOrNull(code.expiresAtMs),
    ...{ usage_count: code.usageCount, max_usage: code.maxUsage, created_by: code.createdBy },
  };
}
