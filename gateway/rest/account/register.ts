import { Handle } from "../../../actors/handle/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { User } from "../../../actors/user/contract.ts";
import { id, invalidField, optionalText, text } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { accountOnWire } from "../../wire/user.ts";
import { type Client, type Edge, route } from "../kit/route.ts";
import { checkPasswordStrength, contactOf, findUserId, provePassword, type Target, targetOf } from "./account.ts";
import { deviceTypeOf, openLogin } from "./login.ts";

interface RegisterBody {
  phoneNumber?: string;
  phone?: string;
  email?: string;
  /** An account name beside the phone number or e-mail address. */
  account?: string;
  password: string;
  verifyCode: string;
  nickname?: string;
  deviceType: string;
  deviceId: string;
}

export const registerRoute = route({
  method: "POST",
  path: "/auth/register",
  auth: "none",
  limit: limits.register,
  summary: "Makes a user and logs in",
  body: schema<RegisterBody>({
    phoneNumber: optionalText(32),
    phone: optionalText(32),
    email: optionalText(254),
    account: optionalText(50),
    password: text(128),
    verifyCode: text(16),
    nickname: optionalText(50),
    deviceType: text(16),
    deviceId: id,
  }),
  async handle({ body, edge, client }) {
    const device = { deviceId: body.deviceId, deviceType: deviceTypeOf(body.deviceType) };
    const contact = contactOf(body);
    const account = body.account ? accountNameOf(body.account) : undefined;
    checkPasswordStrength(body.password);
    const userId = (await findRegistered(edge, contact, body.password, client)) ?? (await create());
    const tokens = await openLogin(edge, { userId, ...device, client });
    return { ...tokens, user: accountOnWire(await edge.actors.get(User, userId).profile({})) };

    async function create(): Promise<string> {
      await edge.codes.verify({ target: contact.address, purpose: "register", code: body.verifyCode });
      if (account && (await findUserId(edge, account))) throw new DomainError("auth.user_exists");
      const passwordHash = await edge.passwords.hash(body.password);
      const nickname = body.nickname?.trim() || `User ${edge.random.hex(24)}`;
      const address = { phone: "", email: "", account: account?.address ?? "", [contact.kind]: contact.address };
      // Not the client's key: a second try carries another salt, and is answered by findRegistered.
      const call = { deadlineMs: edge.clock.nowMs() + edge.limits.callDeadlineMs };
      const made = await edge.actors.get(Handle, contact.key).register({ nickname, passwordHash, ...address }, call);
      if (account) await edge.actors.get(Handle, account.key).claim({ userId: made.userId }, call);
      return made.userId;
    }
  },
});

/** A retry under its Idempotency-Key finds the user it made, when it brings his password; anybody else is refused. */
async function findRegistered(edge: Edge, contact: Target, password: string, client: Client) {
  const userId = await findUserId(edge, contact);
  if (userId === undefined) return undefined;
  if (client.idempotencyKey === undefined) throw new DomainError("auth.user_exists");
  const { isProven } = await provePassword(edge, contact, userId, password);
  if (!isProven) throw new DomainError("auth.user_exists");
  return userId;
}

/** Must not read as a phone number or an e-mail address: those are proven by a code. */
function accountNameOf(name: string): Target {
  const target = targetOf(name, "account");
  if (!target) throw invalidField("account", "2 to 50 letters, digits, _ . or -, not only digits");
  return target;
}
