// Login by OpenID Connect: the client takes the user to `url`, and brings back what the provider appended to `redirectUri`.
import { Handle } from "../../../actors/handle/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { User } from "../../../actors/user/contract.ts";
import { invalidField, optionalText, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import type { OidcIdentity, OidcProvider } from "../../oidc-ports.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { oidcStartShape, oidcTokensShape } from "../../wire/shapes/user.ts";
import { accountOnWire } from "../../wire/user.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { type DeviceBody, deviceOf, deviceRules, openLogin } from "./login.ts";
import { newAttempt, takeState } from "./oidc-state.ts";
import { findOrMakeUser, handleOf } from "./oidc-user.ts";

interface Answered {
  code: string;
  state: string;
  /** The issuer that the provider named beside the code (RFC 9207). */
  iss?: string;
}
const answeredRules = {
  code: { ...text(2_048), min: 1 },
  state: { ...text(4_096), min: 1 },
  iss: optionalText(512),
} as const;
const refusals = ["auth.code_wrong", "auth.code_expired", "common.unavailable"] as const;

export const oidcRoutes: Route[] = [
  route({
    method: "POST",
    path: "/auth/oidc/start",
    auth: "none",
    limit: limits.oidc,
    summary: "Begins a login by OpenID Connect: the address to open, and the state that comes back with the code",
    body: schema<{ redirectUri: string }>(
      { redirectUri: text(512) },
      { example: { redirectUri: "https://chat.example.org/oidc" } },
    ),
    answers: oidcStartShape,
    errors: ["common.unavailable"],
    async handle({ body: { redirectUri }, edge }) {
      const provider = getProvider(edge);
      if (!provider.redirectUris.includes(redirectUri)) {
        throw invalidField("redirectUri", "one of OIDC_REDIRECT_URIS");
      }
      const { attempt, state } = newAttempt(edge, redirectUri);
      return { url: await provider.start({ ...attempt, state }), state };
    },
  }),

  route({
    method: "POST",
    path: "/auth/oidc/login",
    auth: "none",
    limit: limits.oidc,
    summary: "Logs in with the code of the provider. The client has compared state with the one that it got from start",
    body: schema<Answered & DeviceBody>(
      { ...answeredRules, ...deviceRules },
      { example: { code: "p3c…", state: "s1.…", deviceType: "Web", deviceId: "d1f0c2" } },
    ),
    answers: oidcTokensShape,
    errors: [...refusals, "auth.banned", "auth.frozen", "auth.too_many_devices"],
    async handle({ body, edge, client }) {
      const device = deviceOf(body);
      const { userId, isNewUser } = await findOrMakeUser(edge, await proveIdentity(edge, body));
      const tokens = await openLogin(edge, { userId, ...device, client });
      return { ...tokens, isNewUser, user: accountOnWire(await edge.actors.get(User, userId).profile({})) };
    },
  }),

  route({
    method: "POST",
    path: "/auth/oidc/link",
    auth: "user",
    limit: limits.oidc,
    summary: "The caller can log in by this identity from now on; refused when it is another user's",
    body: schema<Answered>(answeredRules, { example: { code: "p3c…", state: "s1.…" } }),
    answers: nothing,
    errors: [...refusals, "auth.user_exists"],
    async handle({ caller, body, edge, call }) {
      const identity = await proveIdentity(edge, body);
      const options = { ...call, commandId: undefined };
      return edge.actors.get(Handle, handleOf(identity)).claim({ userId: caller.userId }, options);
    },
  }),
];

function getProvider({ oidc }: Edge): OidcProvider {
  if (!oidc) throw new DomainError("common.unavailable", { message: "This server knows no provider of identities." });
  return oidc;
}

async function proveIdentity(edge: Edge, { code, state, iss }: Answered): Promise<OidcIdentity> {
  const provider = getProvider(edge);
  const attempt = await takeState(edge, state);
  return provider.exchange({ ...attempt, code, state, ...(iss && { iss }) });
}
