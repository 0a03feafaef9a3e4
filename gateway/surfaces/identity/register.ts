// A registration by name, e-mail address and password, without a code. It makes the same user as any other registration, and
// the same names are refused. The address stays unproven: see `unprovenEmail`.
import { Handle } from "../../../actors/handle/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { codePointCount, shownName } from "../../../actors/shared/names.ts";
import { invalidField } from "../../input/rules.ts";
import {
  accountTarget,
  emailTarget,
  findUserId,
  provePassword,
  type Target,
  unprovenEmail,
} from "../../rest/account/account.ts";
import { giveUpName, refuseTakenName, reserveName } from "../../rest/account/account-name.ts";
import { ownCall } from "../../rest/kit/own-call.ts";
import type { Client, Edge } from "../../rest/kit/route.ts";
import { surfacePassword } from "./password.ts";

export interface Registration {
  username: string;
  email: string;
  password: string;
}

const minNameChars = 3;

/** Throws common.invalid, auth.user_exists, and common.forbidden where only administrators make users. */
export async function registerUser(
  edge: Edge,
  { username, email, password }: Registration,
  client: Client,
): Promise<UserId> {
  if (edge.surfaces?.registration === "closed") throw new DomainError("common.forbidden");
  const account = nameTarget(username);
  const proven = emailTarget(email);
  if (!proven) throw invalidField("email", "an e-mail address");
  const contact = unprovenEmail(proven);
  const secret = surfacePassword(password);
  if (await findUserId(edge, proven)) throw new DomainError("auth.user_exists");
  const retried = await findRetried(edge, contact, secret, client);
  if (retried !== undefined) return retried;
  await refuseTakenName(edge, account);
  const passwordHash = await edge.passwords.hash(secret);
  // Without the client's key: a retry carries another salt, and is answered by findRetried.
  const call = ownCall(edge);
  const userId = await reserveName(edge, account, contact, call);
  const user = {
    phone: "",
    email: contact.address,
    account: account.address,
    nickname: shownName(username) ?? username,
  };
  try {
    return (await edge.actors.get(Handle, contact.key).register({ ...user, passwordHash, userId }, call)).userId;
  } catch (error) {
    if (error instanceof DomainError) await giveUpName(edge, account, contact, userId);
    throw error;
  }
}

export function nameTarget(username: string): Target {
  const account = codePointCount(username.trim()) < minNameChars ? undefined : accountTarget(username);
  if (account) return account;
  throw invalidField("username", `${minNameChars} to 50 letters, digits, _ . or -, with at least one letter`);
}

/** A retry under its Idempotency-Key, with the same password, finds the user it made. Any other request is refused. */
async function findRetried(edge: Edge, contact: Target, password: string, client: Client): Promise<UserId | undefined> {
  const userId = await findUserId(edge, contact);
  if (userId === undefined) return undefined;
  if (client.idempotencyKey !== undefined && (await provePassword(edge, userId, password)).isProven) return userId;
  throw new DomainError("auth.user_exists");
}
