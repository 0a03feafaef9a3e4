// Invitations of groups whose members-to-be are asked first. Accepting one is joining the group.
import { groupIdOf } from "../../../actors/shared/ids.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { invitationListShape } from "../../wire/shapes/group.ts";
import { itemsOf, splitItems } from "../kit/items.ts";
import { type Route, route } from "../kit/route.ts";
import { groupOf } from "./groups.ts";

export const groupInvitationRoutes: Route[] = [
  route({
    method: "GET",
    path: "/groups/invitations",
    auth: "user",
    summary: "Groups that wait for the caller's consent, newest first: POST /groups/:id/join accepts one",
    answers: invitationListShape,
    async handle({ caller, edge, call }) {
      const { items } = await itemsOf(edge, caller.userId, "invitation", 0, call);
      const live = splitItems(items).live.toSorted((a, b) => b.createdAtMs - a.createdAtMs);
      const invitations = live.map(({ id, groupName, inviterId, createdAtMs }) => ({
        ...{ groupId: groupIdOf(id), sessionId: id, groupName, inviterId },
        createdAt: createdAtMs,
      }));
      return { invitations, total: invitations.length };
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
