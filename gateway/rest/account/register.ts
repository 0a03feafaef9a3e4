import { Handle, type HandleCommands } from "../../../actors/handle/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import { User } from "../../../actors/user/contract.ts";
import { optionalText, shownText, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { tokensShape } from "../../wire/shapes/user.ts";
import { accountOnWire } from "../../wire/user.ts";
import { claimNickname, refuseTakenNickname } from "../kit/nicknames.ts";
import { ownCall } from "../kit/own-call.ts";
import { type Client, type Edge, route } from "../kit/route.ts";
import { contactOf, findUserId, newPassword, provePassword, type Target } from "./account.ts";
import { accountNameOf, giveUpName, refuseTakenName, reserveName } from "./account-name.ts";
import { type DeviceBody, deviceOf, deviceRules, openLogin } from "./login.ts";
import { namedFromNetwork } from "./subjects.ts";

interface RegisterBody extends DeviceBody {
  phoneNumber?: string;
  phone?: string;
  email?: string;
  /** An account name beside the phone number or e-mail address. */
  account?: string;
  password: string;
  verifyCode: string;
  nickname?: string;
}

export const registerRoute = route({
  method: "POST",
  path: "/auth/register",
  auth: "none",
  limit: limits.register,
  subject: namedFromNetwork(limits.registerContact, "phoneNumber", "phone", "email"),
  summary: "Creates a user and logs in",
  body: schema<RegisterBody>(
    {
      phoneNumber: optionalText(32),
      phone: optionalText(32),
      email: optionalText(254),
      account: optionalText(50),
      password: text(128),
      verifyCode: text(16),
      nickname: { ...shownText(maxChars.nickname), optional: true },
      ...deviceRules,
    },
    {
      example: {
        email: "bob@example.org",
        password: "Passw0rd1",
        verifyCode: "123456",
        nickname: "Bob",
        deviceType: "PC",
        deviceId: "d1f0c2",
      },
    },
  ),
  answers: tokensShape,
  errors: [
    "auth.user_exists",
    "auth.code_wrong",
    "auth.code_expired",
    "auth.password_weak",
    "auth.phone_malformed",
    "auth.email_malformed",
    "auth.too_many_devices",
    "user.nickname_sensitive",
    "user.nickname_taken",
  ],
  async handle({ body, edge, client }) {
    const device = deviceOf(body);
    const contact = contactOf(edge, body);
    const account = body.account ? accountNameOf(body.account) : undefined;
    const password = newPassword(body.password);
    const userId =
      (await findRegistered(edge, contact, body.password, client)) ??
      (await create(edge, { ...body, contact, account, password }));
    const tokens = await openLogin(edge, { userId, ...device, client });
    return { ...tokens, user: accountOnWire(await edge.actors.get(User, userId).profile({})) };
  },
});

interface NewUser {
  contact: Target;
  account: Target | undefined;
  password: string;
  verifyCode: string;
  nickname?: string;
}

async function create(edge: Edge, { contact, account, password, verifyCode, nickname }: NewUser): Promise<UserId> {
  // Before the code, which works once: a person who chose a taken name tries again with another one.
  if (account) await refuseTakenName(edge, account);
  if (nickname) await refuseTakenNickname(edge, nickname);
  await edge.codes.verify({ target: contact.address, purpose: "register", code: verifyCode });
  const passwordHash = await edge.passwords.hash(password);
  const generated = `User ${edge.random.hex(24)}`;
  const user = {
    ...{ phone: "", email: "", account: account?.address ?? "", [contact.kind]: contact.address },
    nickname: nickname || generated,
    passwordHash,
  };
  // Without the client's key: a retry carries another salt, and is answered by findRegistered.
  const call = ownCall(edge);
  const userId = await makeUser(edge, { contact, account }, user, call);
  if (nickname) await claimNickname(edge, userId, { nickname, otherwise: generated }, call);
  return userId;
}

async function makeUser(
  edge: Edge,
  { contact, account }: Pick<NewUser, "contact" | "account">,
  user: Parameters<HandleCommands["register"]>[0],
  call: CallOptions,
): Promise<UserId> {
  const handle = edge.actors.get(Handle, contact.key);
  if (!account) return (await handle.register(user, call)).userId;
  const userId = await reserveName(edge, account, contact, call);
  try {
    return (await handle.register({ ...user, userId }, call)).userId;
  } catch (error) {
    if (error instanceof DomainError) await giveUpName(edge, account, contact, userId);
    throw error;
  }
}

/** A retry under its Idempotency-Key, with the same password, finds the user it made. Any other request is refused. */
async function findRegistered(edge: Edge, contact: Target, password: string, client: Client) {
  const userId = await findUserId(edge, contact);
  if (userId === undefined) return undefined;
  if (client.idempotencyKey === undefined) throw new DomainError("auth.user_exists");
  const { isProven } = await provePassword(edge, userId, password);
  if (!isProven) throw new DomainError("auth.user_exists");
  return userId;
}
