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

/** Throws auth.user_exists. */
export async function reserveName(edge: Edge, account: Target, contact: Target, call: CallOptions): Promise<UserId> {
  // Under its older spelling the name has a handle of its own.
  if (account.keys.some((key) => key !== account.key) && (await findUserId(edge, account))) {
    throw new DomainError("auth.user_exists");
  }
  const handle = edge.actors.get(Handle, account.key);
  const by = contact.key;
  const { userId: takenBy, reservedBy } = await handle.find({}, call);
  const isMade = takenBy === undefined || reservedBy === undefined || (await leadsTo(edge, reservedBy, takenBy));
  const { userId } = await handle.reserve(isMade ? { by } : { by, abandoned: takenBy }, call);
  return userId;
}

/** For a registration that was refused. The name stays when another try of the same registration made the user. */
export async function giveUpName(edge: Edge, account: Target, contact: Target, userId: UserId): Promise<void> {
  if (await leadsTo(edge, contact.key, userId)) return;
  await edge.actors.get(Handle, account.key).release({ userId });
}

async function leadsTo(edge: Edge, key: string, userId: UserId): Promise<boolean> {
  return (await edge.actors.get(Handle, key).find({})).userId === userId;
}
