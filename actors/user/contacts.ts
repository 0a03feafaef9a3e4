// The hashes of a user's contacts, and the `contact` actors that learn by the outbox who keeps them. Several hundred hashes may
// change at once and a turn's record is small, so they are sent some at a time, each as it is kept or not at that moment.
// Consent decides what is kept and is read again for each recommendation: from its end on, no hash that is still to be sent counts.
import { Contact } from "../contact/contract.ts";
import type { RecordMeta } from "../runtime/contract.ts";
import { maxContactsKept } from "./contacts-contract.ts";
import type { ByType, ContactsEvent } from "./events.ts";
import type { KeptContacts, UserState } from "./state.ts";
import type { UserTurn } from "./turn.ts";

/** Outbox entries of some 200 bytes, in a record below 64 KiB that may also hold the 600 hashes of one upload. */
const maxSentPerTurn = 150;
const none: KeptContacts = { kept: [], unsent: [], dueMs: 0 };

export const contactCommands = {
  keepContacts(turn: UserTurn, { hashes }: { hashes: string[] }): null {
    const { profile, settings, standing, contacts = none } = turn.state;
    if (!profile || standing.isDeleted || !settings.settings.contactsConsent) return null;
    const known = new Set(contacts.kept);
    const fresh = [...new Set(hashes)].filter((hash) => !known.has(hash));
    if (fresh.length === 0) return null;
    turn.emit({ type: "contacts_kept", hashes: fresh });
    send(turn, withKept(contacts, fresh, turn.nowMs));
    // A user who is among the contacts may ask for recommendations at once.
    turn.settle();
    return null;
  },
};

/** The due turn: what a long upload or the end of consent left to send. */
export function sendContacts(turn: UserTurn): void {
  if (nextContactsDueMs(turn.state) <= turn.nowMs && turn.state.contacts) send(turn, turn.state.contacts);
}

export function nextContactsDueMs({ contacts }: UserState): number {
  return contacts && contacts.unsent.length > 0 ? contacts.dueMs : Number.POSITIVE_INFINITY;
}

/** The user's consent ended: nothing is kept, and every `contact` actor is to learn that. */
export function foldWithdrawal(state: UserState, atMs: number): void {
  if (!state.contacts) return;
  const { kept, unsent } = state.contacts;
  set(state, { kept: [], unsent: [...new Set([...unsent, ...kept])], dueMs: atMs });
}

export const contactAppliers: ByType<ContactsEvent, [UserState, RecordMeta], void> = {
  contacts_kept({ hashes }, state, { atMs }) {
    set(state, withKept(state.contacts ?? none, hashes, atMs));
  },
  contacts_sent({ count }, state) {
    const { contacts = none } = state;
    set(state, { ...contacts, unsent: contacts.unsent.slice(count) });
  },
};

function withKept({ kept, unsent }: KeptContacts, fresh: readonly string[], dueMs: number): KeptContacts {
  const all = [...kept, ...fresh];
  const forgotten = all.slice(0, Math.max(0, all.length - maxContactsKept));
  return { kept: all.slice(forgotten.length), unsent: [...new Set([...unsent, ...fresh, ...forgotten])], dueMs };
}

function send(turn: UserTurn, { kept, unsent }: KeptContacts): void {
  const isKept = new Set(kept);
  const hashes = unsent.slice(0, maxSentPerTurn);
  for (const hash of hashes) {
    const actor = turn.tell(Contact, hash);
    if (isKept.has(hash)) actor.keep({ userId: turn.key });
    else actor.withdraw({ userId: turn.key });
  }
  turn.emit({ type: "contacts_sent", count: hashes.length });
}

function set(state: UserState, contacts: KeptContacts): void {
  if (contacts.kept.length > 0 || contacts.unsent.length > 0) state.contacts = contacts;
  else delete state.contacts;
}
