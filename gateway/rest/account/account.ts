// What people type to say who they are, and how they prove it.
import { Handle, handleKey } from "../../../actors/handle/contract.ts";
import { Session } from "../../../actors/session/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { invalid } from "../../input/validate.ts";
import { limits, takeWhereItHolds } from "../../kit/rate-limit.ts";
import type { Edge } from "../kit/route.ts";

export interface Target {
  /** Key of the handle actor. */
  key: string;
  /** Normalized: the e-mail address in lower case, the phone number without spaces. */
  address: string;
  kind: "phone" | "email" | "account";
}

/** The phone number or the e-mail address of a body, exactly one of them. Empty ones are not given. */
export function contactOf(body: { phoneNumber?: string; phone?: string; email?: string }): Target {
  const phone = body.phoneNumber || body.phone;
  if (phone && body.email) throw invalid([{ field: "email", expected: "either phoneNumber or email" }]);
  if (phone) return targetOf(phone, "phone") ?? refuse("auth.phone_malformed");
  if (body.email) return targetOf(body.email, "email") ?? refuse("auth.email_malformed");
  throw invalid([{ field: "phoneNumber", expected: "phoneNumber or email" }]);
}

export function targetOf(account: string, kind?: Target["kind"]): Target | undefined {
  const key = handleKey(account);
  if (key === undefined) return undefined;
  const [found = "", ...rest] = key.split(":");
  const target = { key, address: rest.join(":"), kind: found as Target["kind"] };
  return kind === undefined || target.kind === kind ? target : undefined;
}

export async function findUserId(edge: Edge, target: Target): Promise<UserId | undefined> {
  return (await edge.actors.get(Handle, target.key).find({})).userId;
}

/**
 * An unknown user costs the same time as a wrong password. Limited per account too: guessing from many addresses is
 * guessing all the same.
 */
export async function provePassword(
  edge: Edge,
  target: Target | undefined,
  userId: UserId | undefined,
  password: string,
): Promise<{ isProven: boolean; credentialVersion: number; status: "normal" | "banned" | "frozen" }> {
  if (target) await takeWhereItHolds(edge.rateLimits, limits.loginAccount, target.key);
  const credentials = userId === undefined ? undefined : await edge.actors.get(Session, userId).credentials({});
  const isProven = await edge.passwords.verify(password, credentials?.passwordHash);
  if (!credentials) return { isProven: false, credentialVersion: 0, status: "normal" };
  return { isProven, credentialVersion: credentials.credentialVersion, status: credentials.status };
}

export function checkPasswordStrength(password: string): void {
  const isStrong = password.length >= 8 && password.length <= 32 && /[0-9]/.test(password) && /\p{L}/u.test(password);
  if (!isStrong) throw new DomainError("auth.password_weak");
}

function refuse(error: "auth.phone_malformed" | "auth.email_malformed"): never {
  throw new DomainError(error);
}
