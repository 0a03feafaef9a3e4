// Profiles, settings, and finding users.

import { maxChars } from "../../../actors/shared/limits.ts";
import { type ProfilePatch, type Settings, User } from "../../../actors/user/contract.ts";
import { optionalCount, optionalFlag, optionalText, shownText, stampId } from "../../input/rules.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { cardShape, foundUsersShape, profileShape, settingsShape } from "../../wire/shapes/user.ts";
import { settingsOnWire } from "../../wire/user.ts";
import { checkAvatar } from "../kit/avatars.ts";
import { changeProfile } from "../kit/nicknames.ts";
import { alias, type Route, route } from "../kit/route.ts";
import { cardFor, findByKeyword } from "./find-users.ts";
import { shownProfile } from "./shown-profile.ts";

interface SearchQuery {
  keyword: string;
  page?: number;
  pageSize?: number;
}

const profileBody = schema<ProfilePatch>(
  {
    nickname: { ...shownText(maxChars.nickname), min: 1, optional: true },
    avatar: optionalText(maxChars.userAvatar),
    signature: optionalText(maxChars.signature),
    gender: { type: "number", integer: true, min: 0, max: 2, optional: true },
    birthday: { type: "string", pattern: /^(?:\d{4}-\d{2}-\d{2})?$/, optional: true },
    region: optionalText(maxChars.region),
  },
  { example: { nickname: "Bob", signature: "On the road" }, refuses: "common.invalid", sentBack: profileShape.props },
);

const settingsBody = schema<Partial<Settings>>(
  {
    friendVerifyRequired: optionalFlag,
    notificationEnabled: optionalFlag,
    soundEnabled: optionalFlag,
    vibrationEnabled: optionalFlag,
    messagePreviewEnabled: optionalFlag,
    language: optionalText(maxChars.language),
    searchByPhone: optionalFlag,
    searchById: optionalFlag,
    lastSeen: { type: "string", enum: ["everybody", "friends", "nobody"], optional: true },
    groupInviteConsent: optionalFlag,
    contactsConsent: optionalFlag,
  },
  {
    example: { lastSeen: "friends", groupInviteConsent: true },
    refuses: "user.setting_unknown",
    sentBack: settingsShape.props,
  },
);

const settingsRoutes: Route[] = [
  route({
    method: "GET",
    path: "/users/me/settings",
    auth: "user",
    summary: "The caller's settings",
    answers: settingsShape,
    handle: async ({ caller, edge, call }) =>
      settingsOnWire(caller.userId, await edge.actors.get(User, caller.userId).settings({}, call)),
  }),
  route({
    method: "PUT",
    path: "/users/me/settings",
    auth: "user",
    summary: "Changes the settings that are given",
    body: settingsBody,
    answers: settingsShape,
    async handle({ caller, body: patch, edge, call }) {
      const { userId } = caller;
      const settings = await edge.actors.get(User, userId).updateSettings({ patch }, call);
      edge.languages.forget(userId);
      return settingsOnWire(userId, settings);
    },
  }),
];

export const userRoutes: Route[] = [
  route({
    method: "GET",
    path: "/users/me",
    auth: "user",
    summary: "The caller's profile",
    answers: profileShape,
    handle: async ({ caller, edge, call, client }) =>
      shownProfile(edge, client, await edge.actors.get(User, caller.userId).profile({}, call), call),
  }),
  route({
    method: "PUT",
    path: "/users/me",
    auth: "user",
    summary: "Changes the fields of the profile that are given",
    body: profileBody,
    answers: profileShape,
    errors: ["user.nickname_sensitive", "user.nickname_taken", "user.avatar_refused"],
    async handle({ caller, body, edge, call, client }) {
      const { avatar } = body;
      if (avatar !== undefined) await checkAvatar(edge, { userId: caller.userId, avatar, type: "avatar" }, call);
      return shownProfile(edge, client, await changeProfile(edge, caller.userId, body, call), call);
    },
  }),
  ...settingsRoutes,
  ...alias(settingsRoutes, "/users/me/settings", "/users/settings"),

  route({
    method: "GET",
    path: "/users/search",
    auth: "user",
    limit: limits.searchUsers,
    summary:
      "Finds a user by exact phone number, e-mail address, account name or id, as far as the user's settings allow",
    query: schema<SearchQuery>({
      keyword: { type: "string", min: 1, max: 254, trim: true },
      page: optionalCount(10_000),
      pageSize: optionalCount(100),
    }),
    answers: foundUsersShape,
    async handle({ query, edge, call }) {
      const found = await findByKeyword(edge, query.keyword, call);
      const users = found.map(({ userId, nickname, avatar, signature }) => ({ userId, nickname, avatar, signature }));
      const page = query.page ?? 1;
      const pageSize = query.pageSize ?? 20;
      return { total: users.length, users: users.slice((page - 1) * pageSize, page * pageSize), page, pageSize };
    },
  }),

  route({
    method: "GET",
    path: "/users/:id",
    auth: "user",
    summary: "The public profile of a user, and the relation to the caller",
    answers: cardShape,
    errors: ["user.not_found"],
    handle: ({ caller, params, edge, call }) =>
      cardFor(edge, caller.userId, stampId(params.id, "user.not_found"), call),
  }),
];
