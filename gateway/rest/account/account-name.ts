// A user with an account name has two handles, and a crash may come between them. The name is reserved first, for the id
// under which the contact's handle then makes the user. From that moment the name leads to the user, and no step is left.
// A reservation without a user is released by its registration when that is refused; after a crash, a later registration
// takes it over.
import { Handle } from "../../../actors/handle/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import type { Edge } from "../kit/route.ts";
import { findUserId, type Target } from "./account.ts";

/** Throws auth.user_exists for a name that leads to a user. */
export async function refuseTakenName(edge: Edge, account: Target): Promise<void> {
  // Under its older spelling the name has a handle of its own.
  const older = { ...account, keys: account.keys.filter((key) => key !== account.key) };
  const found = await edge.actors.get(Handle, account.key).find({});
  if ((await isMade(edge, found)) || (await findUserId(edge, older))) throw new DomainError("auth.user_exists");
}

/** Of a name that `refuseTakenName` let pass. Throws auth.user_exists. */
export async function reserveName(edge: Edge, account: Target, contact: Target, call: CallOptions): Promise<UserId> {
  const handle = edge.actors.get(Handle, account.key);
  const by = contact.key;
  const found = await handle.find({}, call);
  const abandoned = (await isMade(edge, found)) ? undefined : found.userId;
  const { userId } = await handle.reserve(abandoned === undefined ? { by } : { by, abandoned }, call);
  return userId;
}

/** For a registration that was refused. The name stays when another try of the same registration made the user. */
export async function giveUpName(edge: Edge, account: Target, contact: Target, userId: UserId): Promise<void> {
  if (await leadsTo(edge, contact.key, userId)) return;
  await edge.actors.get(Handle, account.key).release({ userId });
}

/** Whether the user of a name exists: a reservation may not have been completed. */
async function isMade(edge: Edge, { userId, reservedBy }: { userId?: UserId; reservedBy?: string }): Promise<boolean> {
  return userId !== undefined && (reservedBy === undefined || leadsTo(edge, reservedBy, userId));
}

async function leadsTo(edge: Edge, key: string, userId: UserId): Promise<boolean> {
  return (await edge.actors.get(Handle, key).find({})).userId === userId;
}
