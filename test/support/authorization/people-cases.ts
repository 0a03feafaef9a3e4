// Cases of routes and frames that act on the members of a group or on the other user of a pair.
import type { ErrorName } from "../../../actors/shared/errors.ts";
import { type Case, connected, ofFrame, ofRoute, type Spec } from "./case.ts";
import { must, type Place, type Standing } from "./place.ts";

const groups = { realms: ["group"] } as const;
const pairs = { realms: ["pair"] } as const;
const whom = (name: string) => (place: Place) => ({ params: { userId: place.people[name]!.userId } });
const changes = (body: unknown) => () => ({ body });

/** Requests with the code of the group; nobody can ask a dissolved group for its code. */
const scanned: Omit<Spec, "operation"> = {
  ...{ ...groups, skips: ["dissolved"], but: { none: "user.qrcode_unknown" } },
  prepare: makesCode,
  request: async ({ people, standing, id }) => {
    const isThere = standing !== "none";
    const answer = isThere && (await must(people.owner!.gets<{ code: string }>(`/groups/${id}/qrcode`)));
    return { params: { code: answer ? answer.code : `g${id}-${"0".repeat(32)}` } };
  },
};

const groupCases: Case[] = [
  ofRoute("GET /groups/:id", { ...groups, operation: "conversation.view" }),
  ofRoute("GET /groups/:id/settings", { ...groups, operation: "conversation.view" }),
  ofRoute("PUT /groups/:id/remark", {
    ...groups,
    operation: "conversation.view",
    request: changes({ remark: "mine" }),
  }),
  ofRoute("GET /groups/:id/members", { ...groups, operation: "group.view_members" }),
  ofRoute("GET /groups/:id/members", {
    ...{ ...groups, title: "where members may not", operation: "group.view_members_reserved" },
    prepare: (place) => reserves(place, { allowViewMembers: false }),
  }),
  ofRoute("GET /groups/:id/messages/:msgId/reads", {
    ...{ ...groups, operation: "conversation.view", hidden: "message.not_found" },
    request: ({ otherMessageId }) => ({ params: { msgId: otherMessageId } }),
  }),
  ...["PUT /groups/:id", "PUT /groups/:id/settings"].map((of) =>
    ofRoute(of, { ...groups, operation: "group.update", request: changes({ name: "renamed" }) }),
  ),
  ofRoute("PUT /groups/:id/announcement", {
    ...{ ...groups, operation: "group.update", request: changes({ announcement: "hear" }) },
  }),
  ofRoute("PUT /groups/:id/mute", { ...groups, operation: "group.update", request: changes({ muted: true }) }),
  ofRoute("PUT /groups/:id/nickname", { ...groups, operation: "group.nickname", request: changes({ nickname: "Al" }) }),
  ofRoute("DELETE /groups/:id", { ...groups, operation: "group.dissolve" }),
  ofRoute("POST /groups/:id/exit", { ...groups, operation: "group.exit" }),
  ofRoute("POST /groups/:id/quit", { ...groups, operation: "group.exit" }),
  ofRoute("POST /groups/:id/transfer", {
    ...{ ...groups, operation: "group.transfer" },
    request: ({ people }) => ({ body: { newOwnerId: people.target!.userId } }),
  }),
  ofRoute("POST /groups/:id/admins", {
    ...{ ...groups, operation: "group.set_role" },
    request: ({ people }) => ({ body: { userIds: [people.target!.userId] } }),
  }),
  ofRoute("DELETE /groups/:id/admins/:userId", {
    ...{ ...groups, operation: "group.set_role", request: whom("otherAdmin") },
  }),
  ofRoute("PUT /groups/:id/members/:userId/role", {
    ...{ ...groups, operation: "group.set_role" },
    request: (place) => ({ ...whom("target")(place), body: { role: "admin" } }),
  }),
  ...[["target", "member"] as const, ["otherAdmin", "admin"] as const, ["owner", "owner"] as const].flatMap(
    ([name, role]) => [
      ofRoute("DELETE /groups/:id/members/:userId", {
        ...{ ...groups, title: role, operation: `group.remove_${role}`, request: whom(name) },
      }),
      ofRoute("PUT /groups/:id/members/:userId/mute", {
        ...{ ...groups, title: role, operation: `group.mute_${role}` },
        request: (place) => ({ ...whom(name)(place), body: { muted: true } }),
      }),
    ],
  ),
  ofRoute("POST /groups/:id/members", { ...groups, operation: "group.invite", request: inviting }),
  ofRoute("POST /groups/:id/members", {
    ...{ ...groups, title: "where members may not", operation: "group.invite_reserved", request: inviting },
    prepare: (place) => reserves(place, { allowMemberInvite: false }),
  }),
  ofRoute("POST /groups/:id/members", {
    // Without the right, an invitation by a member waits for the invited user's consent.
    ...{ ...groups, title: "at once", operation: "group.invite_freely", request: inviting },
    isSilent: ({ standing }) => standing === "member",
    leavesTrace: true,
    happened: ({ data }) => (data.successIds as string[]).length > 0,
  }),
  ofRoute("DELETE /groups/:id/invitation", { ...groups, operation: "group.decline", but: { dissolved: "allowed" } }),
  ofRoute("POST /friends/requests", {
    ...{ ...groups, title: "to a member of the group", operation: "group.befriend", request: befriending("target") },
  }),
  ofRoute("POST /friends/requests", {
    ...{
      ...groups,
      title: "where members may not",
      operation: "group.befriend_reserved",
      request: befriending("otherAdmin"),
    },
    prepare: (place) => reserves(place, { allowAddFriend: false }),
  }),
  ofRoute("GET /groups/:id/qrcode", { ...groups, operation: "group.view_qr", prepare: makesCode }),
  ofRoute("POST /groups/:id/qrcode/refresh", { ...groups, operation: "group.refresh_qr" }),
  ofRoute("GET /groups/qrcode/:code", { ...scanned, operation: "group.scan" }),
  ofRoute("POST /groups/qrcode/:code/join", { ...scanned, operation: "group.join" }),
  ofRoute("PUT /groups/invitations/:id", {
    // The caller's own list decides: the group is not asked about an invitation that is not in it.
    ...{ ...groups, operation: "group.answer_invitation", but: everywhere("group.invitation_not_found") },
    request: () => ({ body: { accept: true } }),
  }),
  ofRoute("POST /groups/:id/join", { ...groups, operation: "group.join" }),
  ...["requests", "join"].flatMap((name) => [
    ofRoute(`GET /groups/:id/${name}`, { ...groups, operation: "group.view_requests" }),
    ofRoute(`PUT /groups/:id/${name}/:requestId`, {
      ...{ ...groups, operation: "group.handle_request" },
      request: ({ requestId }) => ({ params: { requestId }, body: { accept: true } }),
    }),
  ]),
];

const otherOf = ({ people, id }: Place) => Object.values(people).find(({ userId }) => userId === id)!;
const otherOne = ({ id }: Place) => ({ params: { id } });
/** These requests name a user, not a conversation, so an outsider of the pair cannot be expressed. */
const byUser = { skips: ["outsider"] } as const;
const forFriends = (standing: Standing) => (standing === "friend" ? "allowed" : "friend.not_found");
const neverFriends = { blocker: "friend.not_found", blocked: "friend.not_found" } as const;

const pairCases: Case[] = [
  ofRoute("GET /users/:id", { ...pairs, operation: "friend.view", ...byUser, request: otherOne }),
  ofRoute("GET /users/qrcode/:code", {
    ...{ ...pairs, operation: "friend.view", ...byUser },
    request: async (place) => {
      const { data } = await otherOf(place).gets<{ code: string }>("/users/me/qrcode");
      return { params: { code: data.code } };
    },
  }),
  ofRoute("POST /friends/requests", {
    ...{ ...pairs, operation: "friend.request", ...byUser, request: ({ id }) => ({ body: { userId: id } }) },
  }),
  ofRoute("PUT /friends/requests/:id", {
    ...{ ...pairs, operation: "friend.accept", request: answering(true) },
    but: { friend: "friend.request_handled", outsider: "friend.request_not_found" },
  }),
  ofRoute("PUT /friends/requests/:id", {
    ...{ ...pairs, title: "no", operation: "friend.reject", request: answering(false) },
    but: { friend: "friend.request_handled", outsider: "friend.request_not_found" },
  }),
  ofRoute("DELETE /friends/:id", {
    ...pairs,
    operation: "friend.delete",
    ...byUser,
    but: neverFriends,
    request: otherOne,
  }),
  ofRoute("PUT /friends/:id/remark", {
    ...{ ...pairs, operation: forFriends },
    request: (place) => ({ ...otherOne(place), body: { remark: "Bobby" } }),
  }),
  ofRoute("PUT /friends/:id/star", {
    ...{ ...pairs, operation: forFriends },
    request: (place) => ({ ...otherOne(place), body: { starred: true } }),
  }),
  ofRoute("PUT /friends/:id/groups", {
    ...{ ...pairs, operation: forFriends },
    request: (place) => ({ ...otherOne(place), body: { groupIds: [] } }),
  }),
  ...["PUT /friends/groups/:id", "DELETE /friends/groups/:id"].map((of) =>
    ofRoute(of, {
      ...{ ...pairs, operation: () => "friend.group_not_found" as const },
      // A group of friends of the other user.
      prepare: (place) => otherOf(place).posts("/friends/groups", { name: "mine" }),
      request: async (place) => {
        const { data } = await otherOf(place).gets<{ groups: { groupId: string }[] }>("/friends/groups");
        return { params: { id: data.groups[0]!.groupId }, body: { name: "taken" } };
      },
    }),
  ),
  ofRoute("POST /friends/blacklist", {
    ...{ ...pairs, operation: "friend.block", ...byUser, request: ({ id }) => ({ body: { userId: id } }) },
  }),
  ofRoute("DELETE /friends/blacklist/:id", {
    ...{ ...pairs, operation: "friend.unblock", ...byUser, but: { blocked: "friend.not_blocked" }, request: otherOne },
  }),
  ofFrame("PRESENCE_SUBSCRIBE", {
    ...{ ...pairs, operation: (standing) => (standing === "friend" ? "allowed" : "common.forbidden") },
    isSilent: () => true,
    data: ({ id }) => ({ userIds: [id] }),
    happened: async (_, { caller, id }) =>
      (await connected(caller)).frames.some(({ type, data }) => /^USER_O/.test(type) && data.userId === id),
  }),
];

export const peopleCases: readonly Case[] = [...groupCases, ...pairCases];

function everywhere(error: ErrorName): Case["but"] {
  const standings = ["none", "nonmember", "exmember", "member", "admin", "owner", "dissolved"] as const;
  return Object.fromEntries(standings.map((standing) => [standing, error]));
}

/** The first look at a group's code makes it: that is no trace of the request. */
function makesCode({ standing, people, id }: Place): Promise<unknown> {
  if (standing === "none" || standing === "dissolved") return Promise.resolve();
  return must(people.owner!.gets(`/groups/${id}/qrcode`));
}

function befriending(name: string) {
  return ({ people, id }: Place) => ({ body: { userId: people[name]!.userId, source: "group", groupId: id } });
}

function inviting({ people }: Place) {
  return { body: { memberIds: [people.nonmember!.userId] } };
}

function reserves({ standing, people, id }: Place, patch: object): Promise<unknown> {
  if (standing === "none" || standing === "dissolved") return Promise.resolve();
  return must(people.owner!.puts(`/groups/${id}`, patch));
}

function answering(accept: boolean) {
  return ({ requestId }: Place) => ({ params: { id: requestId }, body: { accept } });
}
