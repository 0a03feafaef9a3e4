// Changes of a user's names and password, and the end of a user.
import { Handle } from "../../../actors/handle/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { shownName } from "../../../actors/shared/names.ts";
import { User } from "../../../actors/user/contract.ts";
import { invalidField } from "../../input/rules.ts";
import { emailTarget, findUserId, type Target, unprovenEmail } from "../../rest/account/account.ts";
import { handlesOf, rename } from "../../rest/account/rename.ts";
import type { Edge } from "../../rest/kit/route.ts";
import { surfacePassword } from "./password.ts";
import { nameTarget } from "./register.ts";

interface Changing {
  edge: Edge;
  userId: UserId;
  call: CallOptions;
  /** The login that makes the change stays. */
  keepLoginId?: string;
}
interface Change {
  username?: string;
  email?: string;
  avatar?: string;
  password?: string;
}

/** Throws common.invalid, auth.user_exists. */
export async function changeAccount(changing: Changing, { username, email, avatar, password }: Change): Promise<void> {
  const { edge, userId, call } = changing;
  const secret = password === undefined ? undefined : surfacePassword(password);
  const account = username === undefined ? undefined : nameTarget(username);
  const contact = email === undefined ? undefined : await findEmail(changing, email);
  if (account) await rename({ edge, userId, field: "account", target: account, call });
  if (contact) await rename({ edge, userId, field: "email", ...contact, call });
  const nickname = username === undefined ? undefined : (shownName(username) ?? username);
  const patch = { ...(nickname !== undefined && { nickname }), ...(avatar !== undefined && { avatar }) };
  if (Object.keys(patch).length > 0) await edge.actors.get(User, userId).updateProfile({ patch }, call);
  if (secret !== undefined) await setPassword(changing, secret);
}

/** Every login ends, and no name leads to the user any more. What was written stays with its conversations. */
export async function deleteAccount({ edge, userId, call }: Changing): Promise<void> {
  const user = edge.actors.get(User, userId);
  const profile = await user.profile({}, call);
  await user.changeStanding({ isDeleted: true }, call);
  await setPassword({ edge, userId, call }, edge.random.hex(256));
  for (const key of Object.values(handlesOf(edge, profile)).flat()) {
    await release({ edge, userId, call }, key);
  }
}

/**
 * As at a registration, the address is not proven by this. Checked before any name is changed, so that a taken address leaves
 * the account name as it was.
 */
async function findEmail({ edge, userId }: Changing, email: string): Promise<{ target: Target; key: string }> {
  const target = emailTarget(email);
  if (!target) throw invalidField("email", "an e-mail address");
  const provenBy = await findUserId(edge, target);
  if (provenBy === userId) return { target, key: target.key };
  const unproven = unprovenEmail(target);
  const owner = provenBy ?? (await findUserId(edge, unproven));
  if (owner !== undefined && owner !== userId) throw new DomainError("auth.user_exists");
  return { target, key: unproven.key };
}

/** Nothing happens to a handle that leads to another user. */
async function release({ edge, userId, call }: Changing, key: string): Promise<void> {
  await edge.actors.get(Handle, key).release({ userId }, call);
}

async function setPassword({ edge, userId, call, keepLoginId }: Changing, secret: string): Promise<void> {
  const passwordHash = await edge.passwords.hash(secret);
  const session = edge.actors.get(Session, userId);
  const { credentialVersion } = await session.credentials({});
  // Without the client's key: a retry carries another salt, and would be a conflict.
  const options = { ...call, commandId: undefined };
  const kept = keepLoginId === undefined ? {} : { keepLoginId };
  const { revoked } = await session.changePassword({ credentialVersion, passwordHash, ...kept }, options);
  if (revoked.length > 0) await edge.revocations.revoke(revoked, "password_changed");
}
