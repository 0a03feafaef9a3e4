import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { isStampId, pairId, type UserId } from "../../../actors/shared/ids.ts";
import { User, type UserQueries } from "../../../actors/user/contract.ts";
import { findUserId, targetOf } from "../account/account.ts";
import type { Edge } from "../kit/route.ts";

type Card = ReturnType<UserQueries["card"]>;

/** At most two users, because an id may also read as a phone number. Users whose settings forbid the search are left out. */
export async function findByKeyword(edge: Edge, keyword: string, call: CallOptions): Promise<Card[]> {
  const found = new Map<UserId, Card>();
  const target = targetOf(edge, keyword);
  if (target) {
    const userId = await findUserId(edge, target);
    const card = userId === undefined ? undefined : await findCard(edge, userId, call);
    // Phone numbers and e-mail addresses are contact data: one setting covers both.
    if (card && (target.kind === "account" ? card.searchById : card.searchByPhone)) found.set(card.userId, card);
  }
  if (isStampId(keyword)) {
    const card = await findCard(edge, keyword, call);
    if (card?.searchById) found.set(card.userId, card);
  }
  return [...found.values()];
}

/** What `GET /users/:id` shows of a user. Throws user.not_found. */
export async function cardFor(edge: Edge, viewerId: UserId, id: UserId, call: CallOptions) {
  const { userId, nickname, avatar, signature, gender, region } = await edge.actors.get(User, id).card({}, call);
  const seen = { userId, nickname, avatar, signature, gender, region };
  if (id === viewerId) return { ...seen, isFriend: false, isBlocked: false };
  const pair = edge.actors.get(Conversation, pairId(viewerId, id));
  const { isFriend, blockedByMe } = await pair.relation({ userId: viewerId }, call);
  return { ...seen, isFriend, isBlocked: blockedByMe };
}

export async function findCard(
  edge: Edge,
  userId: UserId,
  call: CallOptions,
  viewer: { viewerId?: UserId } = {},
): Promise<Card | undefined> {
  try {
    return await edge.actors.get(User, userId).card(viewer, call);
  } catch (error) {
    if (error instanceof DomainError && error.error === "user.not_found") return undefined;
    throw error;
  }
}
