import { choice, count, flag, id, ids, list, nullable, object, optional, text, time, type ValueOf } from "./fields.ts";
import { address, assistantId, name } from "./message.ts";

export const role = choice("owner", "admin", "member");
export const groupName = text(100);

const mutedUntil = count("ms since 1970; 0: not muted; 9007199254740991: until lifted");
const rights = {
  allowMemberInvite: flag,
  allowViewHistory: flag,
  allowAddFriend: flag,
  allowViewMembers: flag,
  showMemberNickname: flag,
};

export const groupShape = object(
  {
    groupId: id,
    sessionId: id,
    name: groupName,
    avatar: address,
    announcement: text(2_000),
    ownerId: id,
    memberCount: count(),
    maxMembers: count(),
    joinVerify: flag,
    ...{ isMuted: flag, mutedUntil },
    ...rights,
    /** The caller's own name for the group. */
    remark: name,
    createdAt: time,
    updatedAt: time,
    myRole: optional(role),
  },
  "Group",
);
export type WireGroup = ValueOf<typeof groupShape>;

export const groupSettingsShape = object(
  { groupId: id, joinVerify: flag, isMuted: flag, mutedUntil, ...rights },
  "GroupSettings",
);

/** A new group, the users who cannot be members, and those who are asked first. */
export const createdGroupShape = object({ ...groupShape.props, failedIds: ids, pendingIds: ids }, "CreatedGroup");

export const groupListShape = object({
  groups: list(groupShape),
  total: count(),
  deletedIds: ids,
  full: flag,
  updateTime: time,
});

const userInfo = object({ userId: id, nickname: name, avatar: address });

const memberShape = object(
  {
    userId: id,
    role,
    joinedAt: time,
    groupNickname: name,
    ...{ isMuted: flag, mutedUntil },
    nickname: name,
    avatar: address,
    userInfo,
  },
  "Member",
);
export type WireMember = ValueOf<typeof memberShape>;

const assistantMemberShape = object(
  { type: choice("assistant"), assistantId, ownerId: id, name, avatar: address, joinedAt: time },
  "AssistantMember",
);

export type WireAssistantMember = ValueOf<typeof assistantMemberShape>;

export const memberPageShape = object({
  total: count(),
  page: count(),
  pageSize: count(),
  nextCursor: nullable(text(64)),
  members: list(memberShape),
  /** Models that are members: with the first page. They are not counted. */
  assistants: optional(list(assistantMemberShape)),
  /** With lastUpdateTime: users who left since. */
  deletedIds: ids,
  /** False: only what changed since lastUpdateTime. True: a page of all members. */
  full: flag,
  /** The next lastUpdateTime: that of the first page, when there are several. */
  updateTime: time,
});

export const invitedShape = object({ successIds: ids, failedIds: ids, pendingIds: ids, memberCount: count() });

export const joinedShape = object({ needVerify: flag, requestId: nullable(id), message: text(200) });

export const joinedByQrShape = object({ groupId: id, needVerify: flag, requestId: nullable(id) });
/** What a user who has the QR code of a group sees of the group. */
export const scannedGroupShape = object({
  ...{ groupId: id, name: groupName, avatar: address, memberCount: count(), joinVerify: flag, isMember: flag },
});

export const joinRequestStatus = choice("pending", "accepted", "rejected");
const joinRequestShape = object(
  {
    requestId: id,
    id,
    groupId: id,
    userId: id,
    message: text(200),
    status: text(16),
    createdAt: time,
    handledAt: time,
    inviterId: optional(id),
    userInfo,
  },
  "JoinRequest",
);
export const joinRequestListShape = object({ requests: list(joinRequestShape), total: count() });

/** handledAt 0: it waits. */
export const ownRequestListShape = object({
  requests: list(
    object(
      {
        requestId: id,
        groupId: id,
        groupName,
        userId: id,
        message: text(200),
        status: joinRequestStatus,
        createdAt: time,
        handledAt: time,
        userInfo,
      },
      "OwnJoinRequest",
    ),
  ),
  total: count(),
});

export const invitationStatuses = ["pending", "accepted", "declined", "expired", "cancelled"] as const;
export const invitationStatus = choice(...invitationStatuses);
const invitationShape = object(
  {
    invitationId: id,
    groupId: id,
    sessionId: id,
    groupName,
    groupAvatar: address,
    memberCount: count(),
    inviterId: id,
    inviterName: name,
    status: invitationStatus,
    createdAt: time,
    expiresAt: time,
  },
  "Invitation",
);
export const invitationListShape = object({ invitations: list(invitationShape), total: count() });
export const answeredInvitationShape = object({
  invitationId: id,
  groupId: id,
  status: choice("accepted", "declined"),
  needVerify: flag,
  requestId: nullable(id),
});

export const handledShape = object({ requestId: id, status: choice("accepted", "rejected") });
