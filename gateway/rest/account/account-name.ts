// A user with an account name has two handles, and a crash may come between them. The name is reserved first, for the id
// under which the contact's handle then makes the user. From that moment the name leads to the user, and no step is left.
// A reservation without a user is released by its registration when that is refused; after a crash, a later registration
// takes it over.
import { Handle } from "../../../actors/handle/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { invalidField } from "../../input/rules.ts";
import type { Edge } from "../kit/route.ts";
import { accountTarget, findUserId, type Target } from "./account.ts";

/** An account name may not read as a phone number or an e-mail address, because those are proven by a code. */
export function accountNameOf(name: string): Target {
  const target = accountTarget(name);
  if (!target) throw invalidField("account", "2 to 50 letters, digits, _ . or -, with at least one letter");
  return target;
}

/** Throws auth.user_exists for a name that leads to a user. */
export async function refuseTakenName(edge: Edge, account: Target): Promise<void> {
  if ((await findOwner(edge, account)).userId !== undefined) throw new DomainError("auth.user_exists");
}

/** The user that a name leads to, under its older spellings too; or the user of a reservation that was not completed. */
export async function findOwner(edge: Edge, target: Target): Promise<{ userId?: UserId; abandoned?: UserId }> {
  const found = await edge.actors.get(Handle, target.key).find({});
  if (await isMade(edge, found)) return { userId: found.userId };
  const older = { ...target, keys: target.keys.filter((key) => key !== target.key) };
  const userId = await findUserId(edge, older);
  return userId === undefined ? { abandoned: found.userId } : { userId };
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
