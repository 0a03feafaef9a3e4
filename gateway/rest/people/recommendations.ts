// Users whom the caller may know: they have the caller among the contacts that they uploaded, and both let this system keep
// contacts. The caller learns nothing of users who withdrew their consent, blocked the caller or were blocked.
import { Contact } from "../../../actors/contact/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { User } from "../../../actors/user/contract.ts";
import { limits } from "../../kit/rate-limit.ts";
import { maxRecommended, recommendationsShape } from "../../wire/shapes/friend.ts";
import { emailTarget, findUserId, phoneTarget } from "../account/account.ts";
import { maxActorsAsked } from "../kit/max-actors-asked.ts";
import { type Edge, route } from "../kit/route.ts";
import { contactHashes } from "./contact-hashes.ts";
import { findCard } from "./find-users.ts";

export const recommendationsRoute = route({
  method: "GET",
  path: "/friends/recommendations",
  auth: "user",
  limit: limits.recommendations,
  summary: "Users who uploaded the caller's phone number or e-mail address, where both set contactsConsent",
  answers: recommendationsShape,
  handle: async ({ caller, edge, call }) => ({ users: await recommendedTo(edge, caller.userId, call) }),
});

async function recommendedTo(edge: Edge, userId: UserId, call: CallOptions) {
  const me = edge.actors.get(User, userId);
  const { contactsConsent } = await me.settings({}, call);
  if (!contactsConsent) return [];
  const keepers = (await keepersOf(edge, userId, call)).filter((each) => each !== userId);
  if (keepers.length === 0) return [];
  const [friends, blocked] = await Promise.all([
    me.friendsAmong({ userIds: keepers }, call),
    me.blocks({ userIds: keepers }, call),
  ]);
  const hidden = new Set([...friends.userIds, ...blocked.userIds]);
  const cards = await mapBounded(
    keepers.filter((each) => !hidden.has(each)),
    maxActorsAsked,
    (each) => findCard(edge, each, call, { viewerId: userId }),
  );
  return cards
    .flatMap((card) => (card?.contactsConsent ? [card] : []))
    .slice(0, maxRecommended)
    .map((card) => ({
      userId: card.userId,
      nickname: card.nickname,
      avatar: card.avatar,
      reason: "contacts" as const,
    }));
}

/** Who keeps the addresses by which the user is found. An address that nobody proved leads to nobody. */
async function keepersOf(edge: Edge, userId: UserId, call: CallOptions): Promise<UserId[]> {
  const { phone, email } = await edge.actors.get(User, userId).profile({}, call);
  const targets = [phoneTarget(edge.phones, phone), emailTarget(email)].filter((each) => each !== undefined);
  const lists = await mapBounded(targets, maxActorsAsked, async (target) => {
    if ((await findUserId(edge, target)) !== userId) return [];
    const hashes = contactHashes(edge.auth.secrets, target.key);
    return await mapBounded(hashes, maxActorsAsked, async (hash) => {
      const { userIds } = await edge.actors.get(Contact, hash).keepers({}, call);
      return userIds;
    });
  });
  return [...new Set(lists.flat(2))];
}
