// Who keeps a phone number or an e-mail address in their contacts, with consent. Key: a keyed hash of the address, made by the
// gateway; neither the key nor the state tells which address that is.
import { contract } from "../runtime/contract.ts";
import type { UserId } from "../shared/ids.ts";

interface ContactCommands {
  /** By the user's outbox: the user keeps the address, and has consented. */
  keep(input: { userId: UserId }): null;
  /** By the user's outbox: the user keeps the address no more. */
  withdraw(input: { userId: UserId }): null;
}
interface ContactQueries {
  /** Those who keep the address, the newest first. */
  keepers(input: Record<string, never>): { userIds: UserId[] };
}
export const Contact = contract<ContactCommands, ContactQueries>("contact");

/** Users known to keep one address. Of more, the oldest are forgotten here. */
export const maxKeepers = 100;
