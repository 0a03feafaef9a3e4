import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { User } from "../../../actors/user/contract.ts";
import { emailTarget, findUserId, phoneTarget, type Target } from "../account/account.ts";
import { maxActorsAsked } from "../kit/max-actors-asked.ts";
import type { Edge } from "../kit/route.ts";
import { contactHashes } from "./contact-hashes.ts";
import { findCard } from "./find-users.ts";

const maxContactChars = 254; // longer text is no address

/**
 * The users of an address book who allow to be found by phone number or e-mail address. Where the caller lets this system keep
 * contacts, hashes of the addresses are kept.
 */
export async function matchContacts(edge: Edge, callerId: UserId, contacts: readonly unknown[], call: CallOptions) {
  const targets = new Map(
    contacts.flatMap((contact) => targetsIn(edge, contact)).map((target) => [target.key, target]),
  );
  await keep(edge, callerId, [...targets.keys()], call);
  const found = await mapBounded([...targets.values()], maxActorsAsked, async (target) => {
    const userId = await findUserId(edge, target);
    if (userId === undefined || userId === callerId) return undefined;
    const card = await findCard(edge, userId, call);
    return card?.searchByPhone ? { card, target } : undefined;
  });
  const matches = found.filter((each) => each !== undefined);
  const userIds = matches.map(({ card }) => card.userId);
  const friends = new Set((await edge.actors.get(User, callerId).friendsAmong({ userIds }, call)).userIds);
  return matches.map(({ card: { userId, nickname, avatar, signature }, target }) => ({
    userId,
    nickname,
    avatar,
    signature,
    [target.kind]: target.address,
    isFriend: friends.has(userId),
  }));
}

/** The settings are asked first: a host of an older release knows neither this consent nor the command. */
async function keep(edge: Edge, callerId: UserId, addresses: readonly string[], call: CallOptions): Promise<void> {
  const me = edge.actors.get(User, callerId);
  if (addresses.length === 0 || !(await me.settings({}, call)).contactsConsent) return;
  const signing = edge.auth.secrets.slice(0, 1);
  await me.keepContacts({ hashes: addresses.flatMap((each) => contactHashes(signing, each)) }, call);
}

/** `"138…"`, or `{phone | phoneNumber | email, name}`. Other entries match nobody. */
function targetsIn({ phones }: Edge, contact: unknown): Target[] {
  const fields =
    typeof contact === "object" && contact !== null ? (contact as Record<string, unknown>) : { phone: contact };
  return [fields.phone, fields.phoneNumber, fields.email].flatMap((text) => {
    if (typeof text !== "string" || text.length > maxContactChars) return [];
    return emailTarget(text) ?? phoneTarget(phones, text) ?? [];
  });
}
