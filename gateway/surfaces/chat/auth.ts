// Users of the one-to-one chat: registration, login, the address and key of their own model.
import { ModelSettings } from "../../../actors/models/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { loginSubject, namedFromNetwork } from "../../rest/account/subjects.ts";
import { choice, flag, object, seconds, text as shown } from "../../wire/shapes/fields.ts";
import { type AccountView, findAccount, isoTime } from "../identity/account.ts";
import { logIn } from "../identity/log-in.ts";
import { type Registration, registerUser } from "../identity/register.ts";
import { registrationShape } from "../identity/registration-shape.ts";
import { type SurfaceRoute, surfaceRoute } from "../kit/route.ts";
import { intId, isoShape } from "../kit/shapes.ts";
import { chat } from "../kit/surface.ts";

const userProps = { id: intId, username: shown(100), email: shown(254), created_at: isoShape };

export const chatAuthRoutes: SurfaceRoute[] = [
  surfaceRoute({
    ...{ surface: chat, method: "POST", path: "/auth/register", auth: "none", status: 201 },
    ...{ limit: limits.register, subject: namedFromNetwork(limits.registerContact, "email") },
    summary: "Creates a user",
    body: schema<Registration>(registrationShape, {
      example: { username: "bob", email: "bob@example.org", password: "Passw0rd1" },
    }),
    answers: object(userProps),
    errors: ["auth.user_exists", "common.forbidden"],
    async handle({ body, edge, client }) {
      const userId = await registerUser(edge, body, client);
      return userOnWire(await findAccount(edge, userId));
    },
  }),

  surfaceRoute({
    ...{ surface: chat, method: "POST", path: "/auth/login", auth: "none" },
    ...{ limit: limits.login, subject: loginSubject("username_or_email") },
    summary: "Logs in by name or e-mail address",
    body: schema<{ username_or_email: string; password: string }>(
      { username_or_email: text(254), password: text(128) },
      { example: { username_or_email: "bob", password: "Passw0rd1" } },
    ),
    answers: object({ access_token: shown(2_048), token_type: choice("bearer"), expires_in: seconds }),
    errors: ["auth.wrong_password", "auth.banned", "auth.frozen"],
    async handle({ body, edge, client, dialect }) {
      const tokens = await logIn(edge, body.username_or_email, body.password, { client, dialect });
      return { access_token: tokens.accessToken, token_type: "bearer" as const, expires_in: tokens.expiresIn };
    },
  }),

  surfaceRoute({
    ...{ surface: chat, method: "GET", path: "/auth/me", auth: "user" },
    summary: "The caller",
    answers: object({ ...userProps, has_config: flag }),
    errors: ["user.not_found"],
    async handle({ principal: { userId }, edge, call }) {
      const [account, { upstream }] = await Promise.all([
        findAccount(edge, userId),
        edge.actors.get(ModelSettings, userId).upstream({}, call),
      ]);
      return { ...userOnWire(account), has_config: upstream !== undefined };
    },
  }),

  surfaceRoute({
    ...{ surface: chat, method: "PUT", path: "/auth/config", auth: "user" },
    summary: "Sets the model that answers the caller: any OpenAI-compatible address",
    body: schema<{ model_url: string; model_name: string; api_key: string }>(
      {
        model_url: { type: "string", min: 1, max: 500 },
        model_name: { type: "string", min: 1, max: 100 },
        api_key: { type: "string", min: 1, max: 4_096 },
      },
      { example: { model_url: "https://api.openai.com/v1", model_name: "gpt-4o-mini", api_key: "sk-…" } },
    ),
    answers: object({ message: choice("配置已更新") }),
    async handle({ principal: { userId }, body, edge, call }) {
      await edge.actors
        .get(ModelSettings, userId)
        .setUpstream(
          { modelUrl: body.model_url, modelName: body.model_name, sealedKey: edge.secrets.seal(body.api_key) },
          call,
        );
      return { message: "配置已更新" as const };
    },
  }),

  surfaceRoute({
    ...{ surface: chat, method: "GET", path: "/auth/config", auth: "user" },
    summary: "The model that answers the caller; its key is never shown",
    answers: object({ model_url: shown(500), model_name: shown(100), configured_at: isoShape }),
    errors: ["llm.config_not_found"],
    async handle({ principal: { userId }, edge, call }) {
      const { upstream } = await edge.actors.get(ModelSettings, userId).upstream({}, call);
      if (!upstream) throw new DomainError("llm.config_not_found");
      const { modelUrl, modelName, configuredAtMs } = upstream;
      return { model_url: modelUrl, model_name: modelName, configured_at: isoTime(configuredAtMs) };
    },
  }),
];

function userOnWire({ profile, username }: AccountView) {
  const { userId, email, createdAtMs } = profile;
  return { id: Number(userId), username, email, created_at: isoTime(createdAtMs) };
}
