// A new phone number, e-mail address or account name of a user. The user notes the name, its handle is claimed, then the profile
// changes and releases the old handles: see actors/user/names.ts for what a crash between the steps leaves.
import { Handle } from "../../../actors/handle/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { type NameField, type Profile, User } from "../../../actors/user/contract.ts";
import type { Edge } from "../kit/route.ts";
import { accountTarget, emailTarget, phoneTarget, type Target, unprovenEmail } from "./account.ts";
import { findOwner } from "./account-name.ts";

interface Renaming {
  edge: Edge;
  userId: UserId;
  field: Exclude<NameField, "nickname">;
  target: Target;
  /** Of the handle that is claimed; default: the target's own. */
  key?: string;
  call: CallOptions;
}

/** True when the user has this name already, also when an earlier try of the same request gave it. */
export async function hasName({ edge, userId, field, target, key = target.key }: Renaming): Promise<boolean> {
  const profile = await edge.actors.get(User, userId).profile({});
  const found = await edge.actors.get(Handle, key).find({});
  return profile[field] === target.address && found.userId === userId;
}

/** Throws auth.user_exists, and common.conflict when another change of the same name came between. */
export async function rename(renaming: Renaming): Promise<Profile> {
  const { edge, userId, field, target, key = target.key } = renaming;
  const user = edge.actors.get(User, userId);
  // Without the client's key: a retry finds the name claimed by the same user.
  const call = { ...renaming.call, commandId: undefined };
  const profile = await user.profile({}, call);
  if (await hasName(renaming)) return profile;
  const owner = await findOwner(edge, target);
  if (owner.userId !== undefined && owner.userId !== userId) throw new DomainError("auth.user_exists");
  const { claimId } = await user.beginName({ key }, call);
  try {
    const { abandoned } = owner;
    await edge.actors.get(Handle, key).claim(abandoned === undefined ? { userId } : { userId, abandoned }, call);
    const from = profile[field];
    const release = handlesOf(edge, profile)[field];
    await user.endName({ claimId, change: { field, name: target.address, from, release } }, call);
  } catch (error) {
    // Any other failure may be of an answer that was lost: then the user gives up the claim in time.
    if (error instanceof DomainError && error.kind === "conflict") await user.endName({ claimId }, call);
    throw error;
  }
  return user.profile({}, call);
}

/** The keys of every handle that a name of the profile may have, older spellings included. */
export function handlesOf({ phones }: Edge, { phone, email, account }: Profile): Record<Renaming["field"], string[]> {
  const mail = emailTarget(email);
  const keysOf = (name: string, key: string, target: Target | undefined): string[] =>
    name === "" ? [] : [...new Set([key, ...(target?.keys ?? [])])];
  return {
    phone: keysOf(phone, `phone:${phone}`, phoneTarget(phones, phone)),
    email: [...keysOf(email, `email:${email}`, mail), ...(mail ? [unprovenEmail(mail).key] : [])],
    account: keysOf(account, `account:${account}`, accountTarget(account)),
  };
}
