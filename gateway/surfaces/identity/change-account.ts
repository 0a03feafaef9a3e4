// Changes of a user's names and password, and the end of a user. A new name is claimed before the old one is given up, so a
// crash between them leaves a name too much and never none.
import { Handle } from "../../../actors/handle/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { shownName } from "../../../actors/shared/names.ts";
import { type Profile, User } from "../../../actors/user/contract.ts";
import { invalidField } from "../../input/rules.ts";
import { emailTarget, findUserId, phoneTarget, type Target, unprovenEmail } from "../../rest/account/account.ts";
import { refuseTakenName } from "../../rest/account/account-name.ts";
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
  const user = edge.actors.get(User, userId);
  const secret = password === undefined ? undefined : surfacePassword(password);
  const profile = await user.profile({}, call);
  const account = username === undefined ? undefined : nameTarget(username);
  const contact = email === undefined ? undefined : contactOf(email);
  if (account) await claimName(changing, profile, account);
  if (contact) await claimEmail(changing, profile, contact);
  const names = { ...(account && { account: account.address }), ...(contact && { email: contact.address }) };
  if (account ?? contact) await user.changeNames(names, call);
  const nickname = username === undefined ? undefined : (shownName(username) ?? username);
  const patch = { ...(nickname !== undefined && { nickname }), ...(avatar !== undefined && { avatar }) };
  if (Object.keys(patch).length > 0) await user.updateProfile({ patch }, call);
  if (secret !== undefined) await setPassword(changing, secret);
  const given = [account && oldName(profile), contact && oldEmail(profile)].filter((each) => each !== undefined);
  for (const old of given.flat()) if (!keysOf(account, contact).has(old)) await release(changing, old);
}

/** Every login ends, and no name leads to the user any more. What was written stays with its conversations. */
export async function deleteAccount({ edge, userId, call }: Changing): Promise<void> {
  const user = edge.actors.get(User, userId);
  const profile = await user.profile({}, call);
  await user.changeStanding({ isDeleted: true }, call);
  await setPassword({ edge, userId, call }, edge.random.hex(256));
  const phone = profile.phone === "" ? undefined : phoneTarget(edge.phones, profile.phone);
  for (const key of [...oldName(profile), ...oldEmail(profile), ...(phone?.keys ?? [])]) {
    await release({ edge, userId, call }, key);
  }
}

function contactOf(email: string): Target {
  const proven = emailTarget(email);
  if (!proven) throw invalidField("email", "an e-mail address");
  return proven;
}

async function claimName({ edge, userId, call }: Changing, { account }: Profile, target: Target): Promise<void> {
  if (target.address === account) return;
  if ((await findUserId(edge, target)) === userId) return;
  await refuseTakenName(edge, target);
  await edge.actors.get(Handle, target.key).claim({ userId }, call);
}

/** As at a registration, the address is not proven by this. */
async function claimEmail({ edge, userId, call }: Changing, { email }: Profile, target: Target): Promise<void> {
  if (target.address === email) return;
  const provenBy = await findUserId(edge, target);
  if (provenBy === userId) return;
  if (provenBy !== undefined) throw new DomainError("auth.user_exists");
  await edge.actors.get(Handle, unprovenEmail(target).key).claim({ userId }, call);
}

function keysOf(account: Target | undefined, contact: Target | undefined): Set<string> {
  return new Set(
    [account?.key, contact?.key, contact && unprovenEmail(contact).key].filter((key) => key !== undefined),
  );
}

function oldName({ account }: Profile): string[] {
  return account === "" ? [] : [`account:${account}`];
}

function oldEmail({ email }: Profile): string[] {
  const target = email === "" ? undefined : emailTarget(email);
  return target ? [...target.keys, unprovenEmail(target).key] : [];
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
