// The names that people type to log in, and the proof of a password.
import { Handle } from "../../../actors/handle/contract.ts";
import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { canonicalAccountName, canonicalEmail, codePointCount, opaquePassword } from "../../../actors/shared/names.ts";
import { invalid } from "../../input/validate.ts";
import type { PhoneNumbers } from "../../ports.ts";
import type { Edge } from "../kit/route.ts";

export interface Target {
  /** Key of the handle actor. */
  key: string;
  /** Keys of handles to look up, in order: older releases kept names as they were typed. */
  keys: readonly string[];
  /** In canonical form; a phone number as E.164. */
  address: string;
  kind: "phone" | "email" | "account";
}

/** The phone number or the e-mail address of a body, exactly one of them. An empty text counts as not given. */
export function contactOf(edge: Edge, body: { phoneNumber?: string; phone?: string; email?: string }): Target {
  const phone = body.phoneNumber || body.phone;
  if (phone && body.email) throw invalid([{ field: "email", expected: "either phoneNumber or email" }]);
  if (phone) return phoneTarget(edge.phones, phone) ?? refuse("auth.phone_malformed");
  if (body.email) return emailTarget(body.email) ?? refuse("auth.email_malformed");
  throw invalid([{ field: "phoneNumber", expected: "phoneNumber or email" }]);
}

/** An e-mail address, a phone number or an account name. */
export function targetOf({ phones }: Edge, text: string): Target | undefined {
  return emailTarget(text) ?? phoneTarget(phones, text) ?? accountTarget(text) ?? olderTarget(text);
}

export function emailTarget(text: string): Target | undefined {
  return target("email", canonicalEmail(text), lowerCase(text), decomposed);
}

/**
 * An address that a user typed at a registration without a code. It is unique among such users and leads to a login by
 * password. It is no proof of anything: codes, searches and address books do not look here, and the person who proves the
 * address by a code gets it, as a user of their own.
 */
export function unprovenEmail({ address }: Target): Target {
  const key = `unproven-email:${address}`;
  return { key, keys: [key], address, kind: "email" };
}

export function phoneTarget(phones: PhoneNumbers, text: string): Target | undefined {
  const number = phones.parse(text);
  return target("phone", number?.e164, digitsOf(text), () => number?.spellings ?? []);
}

export function accountTarget(text: string): Target | undefined {
  return target("account", canonicalAccountName(text), lowerCase(text), decomposed);
}

/**
 * What a password may prove. Older releases took digits with dots, or in full width, for account names, which now read as
 * phone numbers: a person who proves such a number by a code is not admitted to such an account.
 */
export function passwordTargetOf(edge: Edge, text: string): Target | undefined {
  const target = targetOf(edge, text);
  if (!target) return undefined;
  const older = olderTarget(text);
  const keys = [...(older ? [older.key] : []), ...target.keys];
  const known = { ...target, keys: [...new Set(keys)] };
  return target.kind === "email" ? withUnproven(known) : known;
}

/** An e-mail address as a password may prove it: the user who proved the address comes first. */
export function withUnproven(target: Target): Target {
  return { ...target, keys: [...target.keys, unprovenEmail(target).key] };
}

/** What an older release read in a name, one that nobody can register any more included. */
function olderTarget(text: string): Target | undefined {
  const [name, digits] = [lowerCase(text), digitsOf(text)];
  if (/^\+?[0-9]{6,15}$/.test(digits)) return target("phone", digits, digits);
  if (/^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}$/.test(name)) return target("email", name, name);
  return /^[\p{L}\p{N}_.-]{2,50}$/u.test(name) ? target("account", name, name) : undefined;
}

function target(
  kind: Target["kind"],
  address: string | undefined,
  typed: string,
  spellingsOf: (address: string) => readonly string[] = () => [],
): Target | undefined {
  if (address === undefined) return undefined;
  const keyOf = (name: string): string => `${kind}:${name}`;
  // The user of an older release who registered exactly what is typed now comes before the owner of its canonical form.
  const keys = [...new Set([typed, address, ...spellingsOf(address)].map(keyOf))];
  return { key: keyOf(address), keys, address, kind };
}

/** A name that was typed on a system that decomposes its characters. */
function decomposed(address: string): string[] {
  return [address.normalize("NFD")];
}

/** As older releases wrote names. */
function lowerCase(text: string): string {
  return text.trim().toLowerCase();
}

function digitsOf(text: string): string {
  return text.replace(/[\s()-]/g, "");
}

export async function findUserId(edge: Edge, { keys }: Pick<Target, "keys">): Promise<UserId | undefined> {
  for (const key of keys) {
    const { userId } = await edge.actors.get(Handle, key).find({});
    if (userId !== undefined) return userId;
  }
  return undefined;
}

/** For an unknown user it takes as long as for a wrong password. */
export async function provePassword(
  edge: Edge,
  userId: UserId | undefined,
  password: string,
): Promise<{ isProven: boolean; credentialVersion: number; status: "normal" | "banned" | "frozen" }> {
  const credentials = userId === undefined ? undefined : await edge.actors.get(Session, userId).credentials({});
  const isProven = await isPassword(edge, password, credentials?.passwordHash);
  if (!credentials) return { isProven: false, credentialVersion: 0, status: "normal" };
  return { isProven, credentialVersion: credentials.credentialVersion, status: credentials.status };
}

/** The password to hash, in one spelling. Throws auth.password_weak. */
export function newPassword(typed: string): string {
  const password = opaquePassword(typed);
  const length = codePointCount(password);
  const isStrong = length >= 8 && length <= 32 && /[0-9]/.test(password) && /\p{L}/u.test(password);
  if (!isStrong) throw new DomainError("auth.password_weak");
  return password;
}

/** One hash, whatever the spelling: the hasher normalizes by itself, and did so in older releases. */
export function isPassword({ passwords }: Edge, typed: string, hash: string | undefined): Promise<boolean> {
  return passwords.verify(opaquePassword(typed), hash);
}

function refuse(error: "auth.phone_malformed" | "auth.email_malformed"): never {
  throw new DomainError(error);
}
