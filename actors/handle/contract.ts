// A handle: one per e-mail, phone number or account name. Its actor makes it unique and leads a login to the user.
// Key: `email:<lower case>`, `phone:<digits with +>`, `account:<lower case>`.
import { contract } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";

export interface HandleCommands {
  /** Makes a new user with this handle; tells `user` and `session` to exist. Throws auth.user_exists. */
  register(input: { nickname: string; passwordHash: string; phone: string; email: string; account: string }): {
    userId: UserId;
  };
  /** Binds this handle to an existing user. Throws auth.user_exists unless it is already theirs. */
  claim(input: { userId: UserId }): null;
  release(input: { userId: UserId }): null;
}
export interface HandleQueries {
  find(input: Record<string, never>): { userId?: UserId };
}
export const Handle = contract<HandleCommands, HandleQueries>("handle");

/** The actor key of an account as people type it (phone, e-mail or account name), or undefined if it is none. */
export function handleKey(account: string): string | undefined {
  const text = account.trim();
  if (/^[^@\s]{1,64}@[^@\s]{1,190}\.[^@\s.]{2,}$/.test(text)) return `email:${text.toLowerCase()}`;
  const digits = text.replace(/[\s()-]/g, "");
  if (/^\+?[0-9]{6,15}$/.test(digits)) return `phone:${digits}`;
  if (/^[\p{L}\p{N}_.-]{2,50}$/u.test(text)) return `account:${text.toLowerCase()}`;
  return undefined;
}
