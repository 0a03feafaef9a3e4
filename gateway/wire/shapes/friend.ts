import { choice, count, flag, id, ids, list, object, optional, text, time } from "./fields.ts";
import { address, name } from "./message.ts";

export const friendShape = object(
  {
    userId: id,
    nickname: name,
    avatar: address,
    remark: name,
    isStarred: flag,
    groupIds: ids,
    status: { ...count("1: online, as far as the friend shows it"), max: 1 },
    lastActiveTime: time,
    createdAt: time,
    updatedAt: time,
  },
  "Friend",
);
export const friendListShape = object({
  friends: list(friendShape),
  total: count(),
  deletedIds: ids,
  full: flag,
  updateTime: time,
});

const userInfo = object({ userId: id, nickname: name, avatar: address });
export const requestDirection = choice("received", "sent");
export const requestStatus = choice("pending", "accepted", "rejected", "expired");

const friendRequestShape = object(
  {
    requestId: id,
    id,
    type: requestDirection,
    userId: id,
    fromUserId: id,
    toUserId: id,
    nickname: name,
    avatar: address,
    userInfo,
    message: text(200),
    source: text(32),
    status: requestStatus,
    groupId: optional(id),
    createdAt: time,
    expiresAt: time,
    updatedAt: time,
  },
  "FriendRequest",
);
export const friendRequestListShape = object({ requests: list(friendRequestShape), total: count() });
export const friendRequestedShape = object({
  requestId: id,
  status: choice("pending", "accepted"),
  autoAccepted: flag,
});

const friendGroupProps = { groupId: id, name, sort: count("groups are shown in rising order") };
export const friendGroupShape = object(friendGroupProps, "FriendGroup");
export const friendGroupListShape = object({ groups: list(object({ ...friendGroupProps, userIds: ids })) });
export const friendGroupsSetShape = object({ userId: id, groupIds: ids });
export const starredShape = object({ userId: id, isStarred: flag });

export const blacklistShape = object({
  blacklist: list(object({ userId: id, nickname: name, avatar: address, blockedAt: time })),
  total: count(),
});
export const blockedShape = object({ userId: id, blockedAt: time });

export const contactMatchesShape = object({
  matches: list(
    object({
      userId: id,
      nickname: name,
      avatar: address,
      signature: text(200),
      phone: optional(text(32)),
      email: optional(text(254)),
      isFriend: flag,
    }),
  ),
  total: count(),
});

/** Newest contacts first. */
export const maxRecommended = 50;
export const recommendationsShape = object({
  users: list(
    object({ userId: id, nickname: name, avatar: address, reason: choice("contacts") }, "Recommendation"),
    maxRecommended,
  ),
});
