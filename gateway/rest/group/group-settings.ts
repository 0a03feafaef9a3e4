// Settings of a group: its name, rules and mutes, and each member's own name for the group and name in the group.
import type { GroupPatch } from "../../../actors/conversation/contract.ts";
import { groupConversationId } from "../../../actors/shared/ids.ts";
import { maxChars } from "../../../actors/shared/limits.ts";
import { User } from "../../../actors/user/contract.ts";
import { optionalFlag, optionalText, shownText, text } from "../../input/rules.ts";
import { type Shape, schema } from "../../input/validate.ts";
import { groupSettingsOnWire } from "../../wire/group.ts";
import { nothing } from "../../wire/shapes/fields.ts";
import { groupSettingsShape, groupShape } from "../../wire/shapes/group.ts";
import { checkAvatar } from "../kit/avatars.ts";
import { type Route, route } from "../kit/route.ts";
import { finite, muteBody, muteUntil } from "./group-muting.ts";
import { groupName, groupOf, shown } from "./groups.ts";

type PatchBody = Omit<GroupPatch, "mutedUntilMs">;

const patchShape: Shape<PatchBody> = {
  name: { ...groupName, optional: true },
  avatar: optionalText(maxChars.groupAvatar),
  announcement: optionalText(maxChars.announcement),
  joinVerify: optionalFlag,
  isMuted: optionalFlag,
  allowMemberInvite: optionalFlag,
  allowViewHistory: optionalFlag,
  allowAddFriend: optionalFlag,
  allowViewMembers: optionalFlag,
  showMemberNickname: optionalFlag,
};
const patchOptions = { example: { name: "Hikers", joinVerify: true }, sentBack: groupShape.props };
const patchBody = schema<PatchBody>(patchShape, { ...patchOptions, refuses: "common.invalid" });
const settingsBody = schema<PatchBody>(patchShape, { ...patchOptions, refuses: "user.setting_unknown" });

export const groupSettingsRoutes: Route[] = [
  ...(
    [
      ["/groups/:id", patchBody],
      ["/groups/:id/settings", settingsBody],
    ] as const
  ).map(([path, body]) =>
    route({
      method: "PUT",
      path: path as "/groups/:id",
      auth: "user",
      summary: "Changes the fields of the group that are given",
      body,
      answers: groupShape,
      does: ["group.update"],
      errors: ["group.name_sensitive", "group.announcement_sensitive", "user.avatar_refused"],
      async handle({ caller, params, body, edge, call }) {
        const { userId } = caller;
        const { avatar } = body;
        const group = groupOf(edge, params.id);
        const present = async () => (await group.groupInfo({ userId })).avatar;
        if (avatar !== undefined) await checkAvatar(edge, { userId, avatar, type: "group_avatar", present }, call);
        return shown(edge, userId, await group.updateGroup({ by: userId, patch: body }, call));
      },
    }),
  ),

  route({
    method: "PUT",
    path: "/groups/:id/announcement",
    auth: "user",
    summary: "Sets the announcement",
    body: schema<{ announcement: string }>({ announcement: text(maxChars.announcement) }),
    answers: groupShape,
    does: ["group.update"],
    errors: ["group.announcement_sensitive"],
    handle: async ({ caller, params, body, edge, call }) =>
      shown(edge, caller.userId, await groupOf(edge, params.id).updateGroup({ by: caller.userId, patch: body }, call)),
  }),

  route({
    method: "PUT",
    path: "/groups/:id/mute",
    auth: "user",
    summary: "Mutes all members but owner and admins, for a time or until lifted; or ends the mute",
    body: muteBody,
    answers: groupShape,
    does: ["group.update"],
    async handle({ caller, params, body, edge, call }) {
      const mutedUntilMs = muteUntil(body, edge.clock.nowMs());
      const patch = mutedUntilMs === 0 ? { isMuted: false } : { isMuted: true, mutedUntilMs: finite(mutedUntilMs) };
      const { userId } = caller;
      return shown(edge, userId, await groupOf(edge, params.id).updateGroup({ by: userId, patch }, call));
    },
  }),

  route({
    method: "GET",
    path: "/groups/:id/settings",
    auth: "user",
    summary: "The rules of the group and the rights of its members",
    answers: groupSettingsShape,
    does: ["conversation.view"],
    handle: async ({ caller, params, edge, call }) =>
      groupSettingsOnWire(await groupOf(edge, params.id).groupInfo({ userId: caller.userId }, call)),
  }),

  route({
    method: "PUT",
    path: "/groups/:id/remark",
    auth: "user",
    summary: "Sets the caller's own name for the group; empty: none",
    body: schema<{ remark: string }>({ remark: shownText(maxChars.remark) }),
    answers: nothing,
    does: ["conversation.view"],
    async handle({ caller, params, body, edge, call }) {
      const { userId } = caller;
      // The group decides who is a member; the remark stands in the member's own list.
      await groupOf(edge, params.id).groupInfo({ userId }, call);
      const conversationId = groupConversationId(params.id);
      return edge.actors.get(User, userId).setGroupRemark({ conversationId, remark: body.remark }, call);
    },
  }),

  route({
    method: "PUT",
    path: "/groups/:id/nickname",
    auth: "user",
    summary: "Sets the caller's name in the group",
    body: schema<{ nickname: string }>({ nickname: shownText(maxChars.groupNickname) }),
    answers: nothing,
    does: ["group.nickname"],
    errors: ["user.nickname_sensitive"],
    handle: ({ caller, params, body, edge, call }) =>
      groupOf(edge, params.id).setGroupNickname({ userId: caller.userId, nickname: body.nickname }, call),
  }),
];
