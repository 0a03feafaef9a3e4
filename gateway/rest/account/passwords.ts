import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { need, optionalText, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { type Route, route } from "../kit/route.ts";
import { contactOf, findUserId, isPassword, newPassword, targetOf } from "./account.ts";
import { namedFromNetwork } from "./subjects.ts";

interface ResetBody {
  account?: string;
  phoneNumber?: string;
  phone?: string;
  email?: string;
  verifyCode: string;
  newPassword?: string;
  password?: string;
}

export const passwordRoutes: Route[] = [
  route({
    method: "POST",
    path: "/auth/password/change",
    auth: "user",
    limit: limits.changePassword,
    summary: "Changes the password; every other login ends",
    body: schema<{ oldPassword: string; newPassword: string }>({ oldPassword: text(128), newPassword: text(128) }),
    answers: nothing,
    errors: ["auth.wrong_password", "auth.password_weak"],
    async handle({ caller, body, edge, call }) {
      const session = edge.actors.get(Session, caller.userId);
      const { passwordHash: oldHash, credentialVersion } = await session.credentials({});
      if (!(await isPassword(edge, body.oldPassword, oldHash))) throw new DomainError("auth.wrong_password");
      const passwordHash = await edge.passwords.hash(newPassword(body.newPassword));
      const { revoked } = await session.changePassword(
        { credentialVersion, passwordHash, keepLoginId: caller.loginId },
        // Without the client's key: a retry carries another salt, and would be a conflict.
        { ...call, commandId: undefined },
      );
      if (revoked.length > 0) await edge.revocations.revoke(revoked, "password_changed");
      return null;
    },
  }),

  route({
    method: "POST",
    path: "/auth/password/reset",
    auth: "none",
    limit: limits.resetPassword,
    subject: namedFromNetwork(limits.resetAccount, "account", "phoneNumber", "phone", "email"),
    summary: "Sets a new password by verification code; every login ends",
    body: schema<ResetBody>(
      {
        account: optionalText(254),
        phoneNumber: optionalText(32),
        phone: optionalText(32),
        email: optionalText(254),
        verifyCode: text(16),
        newPassword: optionalText(128),
        password: optionalText(128),
      },
      { example: { email: "bob@example.org", verifyCode: "123456", newPassword: "Passw0rd2" } },
    ),
    answers: nothing,
    errors: [
      "auth.user_not_found",
      "auth.code_wrong",
      "auth.code_expired",
      "auth.password_weak",
      "auth.phone_malformed",
      "auth.email_malformed",
    ],
    async handle({ body, edge, call }) {
      const password = newPassword(need("newPassword", body.newPassword, body.password));
      const target = body.account ? targetOf(edge, body.account) : contactOf(edge, body);
      if (!target) throw new DomainError("auth.user_not_found");
      // The code is checked first: without it the answer does not say whether the account exists.
      await edge.codes.verify({ target: target.address, purpose: "reset", code: body.verifyCode });
      const userId = await findUserId(edge, target);
      if (userId === undefined) throw new DomainError("auth.user_not_found");
      const passwordHash = await edge.passwords.hash(password);
      const { revoked } = await edge.actors
        .get(Session, userId)
        .resetPassword({ passwordHash }, { ...call, commandId: undefined });
      if (revoked.length > 0) await edge.revocations.revoke(revoked, "password_changed");
      return null;
    },
  }),
];
