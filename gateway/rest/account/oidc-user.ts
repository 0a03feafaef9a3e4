// Which user an identity at a provider of OpenID Connect is. Each identity has a handle that leads to one user for good. A
// verified e-mail address links a new identity to the user who has proven the same address here; two users are never merged.
import { createHash } from "node:crypto";
import { Handle } from "../../../actors/handle/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import { isLongerThan, shownName } from "../../../actors/shared/names.ts";
import { User } from "../../../actors/user/contract.ts";
import type { OidcIdentity } from "../../oidc-ports.ts";
import { ownCall } from "../kit/own-call.ts";
import type { Edge } from "../kit/route.ts";
import { emailTarget, findUserId, type Target } from "./account.ts";

/** Hashed, because a subject may be long and have any characters. Nobody can type such a key to log in. */
export function handleOf({ issuer, subject }: OidcIdentity): string {
  return `oidc:${createHash("sha256").update(`${issuer}\n${subject}`).digest("hex")}`;
}

export async function findOrMakeUser(
  edge: Edge,
  identity: OidcIdentity,
): Promise<{ userId: UserId; isNewUser: boolean }> {
  const key = handleOf(identity);
  const known = await findLiving(edge, key);
  if (known !== undefined) return { userId: known, isNewUser: false };
  const email = identity.verifiedEmail === undefined ? undefined : emailTarget(identity.verifiedEmail);
  if (!email) return findOrMakeBy(edge, identity, { key, keys: [key], address: "" });
  const made = await findOrMakeBy(edge, identity, email);
  await edge.actors.get(Handle, key).claim({ userId: made.userId }, ownCall(edge));
  return made;
}

/** A deleted user keeps no identity: a later login by the identity makes a new user. */
async function findLiving(edge: Edge, key: string): Promise<UserId | undefined> {
  const { userId } = await edge.actors.get(Handle, key).find({});
  if (userId === undefined) return undefined;
  const { isDeleted } = await edge.actors.get(User, userId).standing({});
  if (!isDeleted) return userId;
  await edge.actors.get(Handle, key).release({ userId }, ownCall(edge));
  return undefined;
}

async function findOrMakeBy(edge: Edge, identity: OidcIdentity, handle: Pick<Target, "key" | "keys" | "address">) {
  const userId = await findUserId(edge, handle);
  if (userId !== undefined) return { userId, isNewUser: false };
  try {
    return { userId: await makeUser(edge, handle.key, identity, handle.address), isNewUser: true };
  } catch (error) {
    // Another request of the same person made the user meanwhile.
    const made = error instanceof DomainError ? await findUserId(edge, handle) : undefined;
    if (made !== undefined) return { userId: made, isNewUser: false };
    throw error;
  }
}

async function makeUser(edge: Edge, key: string, { name = "" }: OidcIdentity, email: string): Promise<UserId> {
  const shown = shownName(name) ?? "";
  const nickname = shown === "" || isLongerThan(shown, maxChars.nickname) ? `User ${edge.random.hex(24)}` : shown;
  // Nobody knows the password: a reset by a code to the address sets another one.
  const passwordHash = await edge.passwords.hash(edge.random.hex(256));
  const person = { nickname, passwordHash, phone: "", email, account: "" };
  return (await edge.actors.get(Handle, key).register(person, ownCall(edge))).userId;
}
