// Codes, logins and the exchange of refresh tokens.
import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { User } from "../../../actors/user/contract.ts";
import { invalidField, optionalText, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import type { CodePurpose } from "../../ports.ts";
import { codeSentShape, tokensShape } from "../../wire/shapes/user.ts";
import { accountOnWire } from "../../wire/user.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { contactOf, emailTarget, findUserId, passwordTargetOf, provePassword, targetOf } from "./account.ts";
import { type DeviceBody, deviceOf, deviceRules, openLogin } from "./login.ts";
import { refreshLogin } from "./refresh.ts";
import { loginSubject, namedIn, refreshSubject } from "./subjects.ts";

interface CodeBody {
  /** A phone number or an e-mail address; or one of the three below. */
  target?: string;
  phoneNumber?: string;
  phone?: string;
  email?: string;
  purpose?: CodePurpose;
}
interface LoginBody extends DeviceBody {
  account: string;
  password?: string;
  verifyCode?: string;
}

export const authRoutes: Route[] = [
  route({
    method: "POST",
    path: "/auth/code",
    auth: "none",
    limit: limits.code,
    subject: namedIn(limits.codeTarget, "target", "phoneNumber", "phone", "email"),
    summary: "Sends a verification code by SMS or mail",
    body: schema<CodeBody>(
      {
        target: optionalText(254),
        phoneNumber: optionalText(32),
        phone: optionalText(32),
        email: optionalText(254),
        purpose: { type: "string", enum: ["register", "login", "reset", "bind"], optional: true },
      },
      { example: { email: "bob@example.org", purpose: "register" } },
    ),
    answers: codeSentShape,
    errors: ["auth.phone_malformed", "auth.email_malformed"],
    async handle({ body: { target, purpose, ...named }, edge }) {
      const { address } = contactOf(
        edge,
        target === undefined ? named : { [emailTarget(target) ? "email" : "phone"]: target },
      );
      // A code is sent whether or not the account exists, so that the answer does not say which accounts exist.
      const { expiresInMs } = await edge.codes.send({ target: address, purpose: purpose ?? "register" });
      return { expiresIn: Math.floor(expiresInMs / 1_000) };
    },
  }),

  route({
    method: "POST",
    path: "/auth/login",
    auth: "none",
    limit: limits.login,
    subject: loginSubject("account"),
    summary: "Logs in with a password or a verification code",
    body: schema<LoginBody>(
      {
        account: text(254),
        password: optionalText(128),
        verifyCode: optionalText(16),
        ...deviceRules,
      },
      { example: { account: "bob@example.org", password: "Passw0rd1", deviceType: "PC", deviceId: "d1f0c2" } },
    ),
    answers: tokensShape,
    errors: [
      "auth.user_not_found",
      "auth.wrong_password",
      "auth.code_wrong",
      "auth.code_expired",
      "auth.banned",
      "auth.frozen",
      "auth.too_many_devices",
    ],
    async handle({ body, edge, client }) {
      const { password, verifyCode } = body;
      const device = deviceOf(body);
      if (!password && !verifyCode) throw invalidField("password", "password or verifyCode");
      const target = verifyCode ? targetOf(edge, body.account) : passwordTargetOf(edge, body.account);
      if (target && verifyCode) {
        await edge.codes.verify({ target: target.address, purpose: "login", code: verifyCode });
      }
      const userId = target && (await findUserId(edge, target));
      // With a code the password is not read, so the login claims no credential version.
      const proof =
        verifyCode && userId ? await withoutPassword(edge, userId) : await provePassword(edge, userId, password ?? "");
      if (userId === undefined) throw new DomainError("auth.user_not_found");
      if (!proof.isProven) throw new DomainError("auth.wrong_password");
      if (proof.status !== "normal") throw new DomainError(`auth.${proof.status}`);
      const login = { userId, ...device, client };
      const tokens = await openLogin(
        edge,
        verifyCode ? login : { ...login, credentialVersion: proof.credentialVersion },
      );
      return { ...tokens, user: accountOnWire(await edge.actors.get(User, userId).profile({})) };
    },
  }),

  route({
    method: "POST",
    path: "/auth/refresh",
    auth: "none",
    limit: limits.refresh,
    subject: refreshSubject,
    summary: "Exchanges a refresh token, of the Authorization header or the body, for new tokens",
    body: schema<{ refreshToken?: string }>({ refreshToken: optionalText(256) }, { example: { refreshToken: "r1.…" } }),
    answers: tokensShape,
    errors: ["auth.refresh_invalid", "auth.refresh_expired", "auth.banned", "auth.frozen"],
    async handle({ body, edge, call, client }) {
      const tokens = await refreshLogin(edge, body.refreshToken ?? client.bearer ?? "", { call, client });
      return { ...tokens, user: accountOnWire(await edge.actors.get(User, tokens.userId).profile({})) };
    },
  }),
];

async function withoutPassword(edge: Edge, userId: string) {
  return { ...(await edge.actors.get(Session, userId).credentials({})), isProven: true };
}
