// Invitations of users who are asked before they become members. Joining the group accepts one, too.
import { Conversation } from "../../../actors/conversation/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import { groupIdOf, type UserId } from "../../../actors/shared/ids.ts";
import { mapBounded } from "../../../actors/shared/map-bounded.ts";
import { isAccepted, optionalFlag } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { answeredInvitationShape, invitationListShape, invitationStatuses } from "../../wire/shapes/group.ts";
import { type Item, itemsOf, splitItems } from "../kit/items.ts";
import { maxActorsAsked } from "../kit/max-actors-asked.ts";
import { namesOf } from "../kit/names.ts";
import { type Edge, type Route, route } from "../kit/route.ts";
import { groupOf } from "./groups.ts";

type Invitation = Item<"invitation">;

export const groupInvitationRoutes: Route[] = [
  route({
    method: "GET",
    path: "/groups/invitations",
    auth: "user",
    summary: "The caller's invitations into groups and how they ended, newest first",
    query: schema<{ status?: Invitation["status"] }>({
      status: { type: "string", enum: [...invitationStatuses], optional: true },
    }),
    answers: invitationListShape,
    handle: ({ caller, query, edge, call }) => invitationsOf(edge, caller.userId, query, call),
  }),

  route({
    method: "PUT",
    path: "/groups/invitations/:id",
    auth: "user",
    summary: "Accepts or declines an invitation: {action} or {accept}; needVerify: an admin decides now",
    body: schema<{ action?: "accept" | "decline" | "reject"; accept?: boolean }>(
      { action: { type: "string", enum: ["accept", "decline", "reject"], optional: true }, accept: optionalFlag },
      { example: { action: "accept" } },
    ),
    answers: answeredInvitationShape,
    does: ["group.answer_invitation"],
    errors: ["group.invitation_not_found", "group.invitation_over", "group.full"],
    async handle({ caller, params, body, edge, call }) {
      const { userId } = caller;
      const accept = isAccepted(body);
      const { items } = await itemsOf(edge, userId, "invitation", 0, call);
      const known = splitItems(items).live.find(({ id }) => id === params.id);
      if (!known) throw new DomainError("group.invitation_not_found");
      const group = edge.actors.get(Conversation, known.conversationId);
      const answer = { userId, invitationId: params.id, accept };
      const { status, needVerify, requestId = null } = await group.answerInvitation(answer, call);
      return { invitationId: params.id, groupId: groupIdOf(known.conversationId), status, needVerify, requestId };
    },
  }),

  route({
    method: "DELETE",
    path: "/groups/:id/invitation",
    auth: "user",
    summary: "Declines the group's invitation; where none waits, nothing changes",
    answers: nothing,
    does: ["group.decline"],
    handle: ({ caller, params, edge, call }) =>
      groupOf(edge, params.id).declineInvitation({ userId: caller.userId }, call),
  }),
];

/** Newest first; with a status only those. */
export async function invitationsOf(
  edge: Edge,
  userId: UserId,
  wanted: { status?: Invitation["status"] },
  call: CallOptions,
) {
  const { items } = await itemsOf(edge, userId, "invitation", 0, call);
  const asked = splitItems(items)
    .live.filter(({ status }) => wanted.status === undefined || status === wanted.status)
    .toSorted((a, b) => b.createdAtMs - a.createdAtMs);
  return invitationsOnWire(edge, userId, asked, call);
}

/** With the group as it is now, as far as the invited user may see it. */
async function invitationsOnWire(edge: Edge, userId: UserId, items: readonly Invitation[], call: CallOptions) {
  const [groups, names] = await Promise.all([
    mapBounded(items, maxActorsAsked, (item) => groupCardOf(edge, userId, item, call)),
    namesOf(
      edge,
      items.map(({ inviterId }) => inviterId),
    ),
  ]);
  const invitations = items.map((item, i) => {
    const { id, conversationId, inviterId, status, createdAtMs, expiresAtMs } = item;
    const { name, avatar, memberCount } = groups[i]!;
    return {
      ...{ invitationId: id, groupId: groupIdOf(conversationId), sessionId: conversationId },
      ...{ groupName: name, groupAvatar: avatar, memberCount },
      ...{ inviterId, inviterName: names.get(inviterId)?.nickname ?? "" },
      ...{ status, createdAt: createdAtMs, expiresAt: expiresAtMs },
    };
  });
  return { invitations, total: invitations.length };
}

async function groupCardOf(edge: Edge, userId: UserId, item: Invitation, call: CallOptions) {
  const asThen = { name: item.groupName, avatar: "", memberCount: 0 };
  if (item.status !== "pending" && item.status !== "accepted") return asThen;
  try {
    return await edge.actors.get(Conversation, item.conversationId).invitationCard({ userId }, call);
  } catch (error) {
    if (error instanceof DomainError) return asThen;
    throw error;
  }
}
