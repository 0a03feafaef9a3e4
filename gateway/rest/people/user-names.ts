// A user changes the names by which they log in. A phone number or e-mail address is proven by a code that was sent to it.
import { Session } from "../../../actors/session/contract.ts";
import { DomainError, type ErrorName } from "../../../actors/shared/errors.ts";
import type { NameField, Profile } from "../../../actors/user/contract.ts";
import { need, optionalText, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { profileShape } from "../../wire/shapes/user.ts";
import { contactOf, isPassword, type Target } from "../account/account.ts";
import { accountNameOf } from "../account/account-name.ts";
import { hasName, rename } from "../account/rename.ts";
import { type Request, type Route, route } from "../kit/route.ts";
import { shownProfile } from "./shown-profile.ts";

interface Proof {
  verifyCode: string;
  password: string;
}
const proofRules = { verifyCode: text(16), password: text(128) } as const;
const proofErrors = ["auth.wrong_password", "auth.code_wrong", "auth.code_expired", "common.conflict"] as const;

export const nameRoutes: Route[] = [
  route({
    method: "PUT",
    path: "/users/me/phone",
    auth: "user",
    limit: limits.changeName,
    summary: "Binds a phone number, proven by a code of purpose bind; the old one is free at once",
    body: schema<Proof & { phoneNumber?: string; phone?: string }>(
      { phoneNumber: optionalText(32), phone: optionalText(32), ...proofRules },
      { example: { phoneNumber: "+8613800138000", verifyCode: "123456", password: "Passw0rd1" } },
    ),
    answers: profileShape,
    errors: [...proofErrors, "auth.phone_malformed", "user.phone_bound"],
    handle: (request) => {
      const phoneNumber = need("phoneNumber", request.body.phoneNumber || undefined, request.body.phone || undefined);
      return bind(request, contactOf(request.edge, { phoneNumber }), "user.phone_bound");
    },
  }),

  route({
    method: "PUT",
    path: "/users/me/email",
    auth: "user",
    limit: limits.changeName,
    summary: "Binds an e-mail address, proven by a code of purpose bind; the old one is free at once",
    body: schema<Proof & { email: string }>(
      { email: { ...text(254), min: 1 }, ...proofRules },
      { example: { email: "bob@example.org", verifyCode: "123456", password: "Passw0rd1" } },
    ),
    answers: profileShape,
    errors: [...proofErrors, "auth.email_malformed", "user.email_bound"],
    handle: (request) => bind(request, contactOf(request.edge, { email: request.body.email }), "user.email_bound"),
  }),

  route({
    method: "PUT",
    path: "/users/me/account",
    auth: "user",
    limit: limits.changeName,
    summary: "Gives the user an account name; the old one is free at once",
    body: schema<{ account: string }>({ account: text(50) }, { example: { account: "bob_99" } }),
    answers: profileShape,
    errors: ["auth.user_exists", "common.conflict"],
    async handle({ caller, body, edge, call, client }) {
      const target = accountNameOf(body.account);
      const renamed = await rename({ edge, userId: caller.userId, field: "account", target, call });
      return shownProfile(edge, client, renamed, call);
    },
  }),
];

type Binding = Pick<Request<"", "user", undefined, Proof>, "caller" | "body" | "edge" | "call" | "client">;

async function bind({ caller, body, edge, call, client }: Binding, target: Target, taken: ErrorName) {
  const { userId } = caller;
  const { passwordHash } = await edge.actors.get(Session, userId).credentials({});
  if (!(await isPassword(edge, body.password, passwordHash))) throw new DomainError("auth.wrong_password");
  const field = target.kind satisfies NameField;
  const renaming = { edge, userId, field, target, call };
  // The code of a retry is used up.
  const isDone = await hasName(renaming);
  // Before the name is looked up: without the code the answer does not say whose it is.
  if (!isDone) await edge.codes.verify({ target: target.address, purpose: "bind", code: body.verifyCode });
  const renamed = await refusedAs(taken, () => rename(renaming));
  return shownProfile(edge, client, renamed, call);
}

async function refusedAs(taken: ErrorName, change: () => Promise<Profile>): Promise<Profile> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof DomainError && error.error === "auth.user_exists") throw new DomainError(taken);
    throw error;
  }
}
