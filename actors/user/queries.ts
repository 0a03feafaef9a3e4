import type { Query } from "../runtime/contract.ts";
import { isOpenRequest } from "../shared/friend-request.ts";
import { parseConversationId, type UserId } from "../shared/ids.ts";
import { isLapsed } from "./call-life.ts";
import type { UserItem, UserQueries, VersionedItem } from "./contract.ts";
import { hasExpired } from "./expire-invitations.ts";
import { getProfile } from "./profile.ts";
import { tombstoneItem, type UserState } from "./state.ts";

type UserQuery = Query<UserState>;
type Output<N extends keyof UserQueries> = ReturnType<UserQueries[N]>;

export const userQueries = {
  profile: ({ state }: UserQuery) => getProfile(state),

  settings({ state }: UserQuery): Output<"settings"> {
    getProfile(state);
    return state.settings.settings;
  },

  language: ({ state }: UserQuery): Output<"language"> => ({
    language: state.hasLanguage ? state.settings.settings.language : null,
  }),

  card({ state }: UserQuery, { viewerId }: { viewerId?: UserId } = {}): Output<"card"> {
    const { userId, nickname, avatar, signature, gender, region } = getProfile(state);
    const { friendVerifyRequired, groupInviteConsent, searchByPhone, searchById } = state.settings.settings;
    const { contactsConsent } = state.settings.settings;
    const isHidden = viewerId !== undefined && state.lists.block.has(viewerId);
    const lastSeen = isHidden ? "nobody" : state.settings.settings.lastSeen;
    return {
      ...{ userId, nickname, avatar, signature, gender, region },
      ...{ friendVerifyRequired, groupInviteConsent, lastSeen, searchByPhone, searchById },
      contactsConsent: contactsConsent && !isHidden && !state.standing.isDeleted,
      friendCount: state.lists.friend.size,
      blockCount: state.lists.block.size,
    };
  },

  /** A scan: 10 000 items cost less than a millisecond, and an index would cost memory for every user. */
  items(
    { state, nowMs }: UserQuery,
    { sinceVersion, sinceMs, types }: Parameters<UserQueries["items"]>[0],
  ): Output<"items"> {
    const full =
      sinceMs === undefined
        ? sinceVersion < state.floor || sinceVersion > state.version
        : state.floor > 0 && sinceMs <= state.floorMs;
    const isWanted = (item: { version: number; updatedAtMs: number }): boolean =>
      full || (sinceMs === undefined ? item.version > sinceVersion : item.updatedAtMs >= sinceMs);
    const wants = (type: UserItem["type"]): boolean => !types || types.includes(type);
    const items: VersionedItem[] = [];
    const single = [state.profile, state.settings];
    for (const item of single) if (item && item.version > 0 && wants(item.type) && isWanted(item)) items.push(item);
    for (const list of Object.values(state.lists)) {
      for (const item of list.values()) {
        if (!wants(item.type)) break;
        if (!isWanted(item)) continue;
        if (item.type !== "call" || !isLapsed(item.call, nowMs)) items.push(itemAt(item, nowMs));
        else if (!full) items.push(tombstoneItem(item));
      }
    }
    if (!full) {
      for (const stone of state.tombstones.values()) {
        if (wants(stone.type) && isWanted(stone)) items.push(tombstoneItem(stone));
      }
    }
    return { version: state.version, full, items };
  },

  entry({ state, key }: UserQuery, { conversationId }: { conversationId: string }): Output<"entry"> {
    const entry = state.lists.conversation.get(conversationId);
    const parsed = parseConversationId(conversationId);
    const other = parsed?.type === "single" ? parsed.users.find((userId) => userId !== key) : undefined;
    const remark = (other !== undefined && state.lists.friend.get(other)?.remark) || "";
    return { entry, deleted: state.lists.deleted.get(conversationId)?.messages ?? [], remark };
  },

  friendsAmong: ({ state }: UserQuery, { userIds }: { userIds: UserId[] }) => ({
    userIds: userIds.filter((userId) => state.lists.friend.has(userId)),
  }),

  blocks: ({ state }: UserQuery, { userIds }: { userIds: UserId[] }) => ({
    userIds: userIds.filter((userId) => state.lists.block.has(userId)),
  }),
};

/** The item as of now: what nobody answered in time shows as expired, also before its event. */
function itemAt(item: VersionedItem, nowMs: number): VersionedItem {
  if (item.type === "invitation" && hasExpired(item, nowMs)) return { ...item, status: "expired" };
  if (item.type !== "request" || item.status !== "pending" || isOpenRequest(item, nowMs)) return item;
  return { ...item, status: "expired" };
}
