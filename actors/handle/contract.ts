// A handle: one per e-mail, phone number or account name. Its actor makes it unique and leads a login to the user.
// Key: `email:`, `phone:` or `account:` and the canonical form (shared/names.ts; E.164 for phone numbers).
import { contract } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";
import type { Role } from "../shared/role.ts";

export interface HandleCommands {
  /**
   * Makes a new user with this handle, under the id that `reserve` gave; `user` and `session` are created by its outbox.
   * Throws auth.user_exists.
   */
  register(input: {
    nickname: string;
    passwordHash: string;
    phone: string;
    email: string;
    account: string;
    role?: Role;
    userId?: UserId;
  }): { userId: UserId };
  /**
   * Keeps an account name for the user whom the handle `by` is about to register, and answers the id for that user. The
   * same `by` gets the same id again. Throws auth.user_exists, also for a reservation that nobody completed: after
   * `reservationMs` a caller who saw that `by` has no such user takes it over by naming its id as `abandoned`.
   */
  reserve(input: { by: string; abandoned?: UserId }): { userId: UserId };
  /** Another name of a user who exists. Throws auth.user_exists; `abandoned` as in `reserve`. */
  claim(input: { userId: UserId; abandoned?: UserId }): null;
  /** Ends the name or the reservation of that user; for a registration that was refused. */
  release(input: { userId: UserId }): null;
}
interface HandleQueries {
  /** `reservedBy`: the handle whose registration is to make that user; it leads to the same id when it has done so. */
  find(input: Record<string, never>): { userId?: UserId; reservedBy?: string };
}
export const Handle = contract<HandleCommands, HandleQueries>("handle");

/** Longer than any call's deadline: a registration that reserved a name and has not ended by then never will. */
export const reservationMs = 120_000;
