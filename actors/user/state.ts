// A user's items, by type and id, each with the user version of its last change (G6).
// `version` rises by one with every event that changes an item. An item is live or a tombstone, never both. Every deletion
// above `floor` has its tombstone; a device with a version below `floor` gets all items.
import { parseConversationId, type UserId } from "../shared/ids.ts";
import type { QrCode } from "../shared/qr-code.ts";
import type { CallRecord } from "./call-contract.ts";
import type { FriendCard, ListEntry, Settings, Standing, UserItem, VersionedItem } from "./contract.ts";

export type ListType = Exclude<UserItem["type"], "profile" | "settings">;
export type Item<T extends UserItem["type"]> = Extract<UserItem, { type: T }> & {
  version: number;
  updatedAtMs: number;
};
export type ListItem = Item<ListType>;
export interface Tombstone {
  type: ListType;
  id: string;
  version: number;
  updatedAtMs: number;
}

export interface UserState {
  readonly userId: UserId;
  version: number;
  profile?: Item<"profile">;
  settings: Item<"settings">;
  standing: Readonly<Omit<Standing, "updatedAtMs">>;
  /** Changed by `putItem` and `buryItem` only: all empty lists are one shared object. */
  readonly lists: { [T in ListType]: ReadonlyMap<string, Item<T>> };
  /** A changed profile that is still to be sent: to these friends, with these fields, from `dueMs` on. */
  cardUpdate?: { userIds: UserId[]; fields: (keyof FriendCard)[]; dueMs: number };
  /** Changes of names that are under way, the one that is due first before the others. Replaced, never changed in place. */
  nameClaims: readonly NameClaim[];
  friendsUpdatedAtMs: number;
  /** When the first pending request expires; Infinity: none is pending. Follows from the requests. */
  requestExpiryMs: number;
  /** The user has chosen the language of the settings. */
  hasLanguage?: true;
  /** The newest code; absent before the first. */
  qrCode?: QrCode;
  /** Absent: the user keeps none, and none has to be withdrawn. Replaced, never changed in place. */
  contacts?: KeptContacts;
  /** When the first pending invitation expires; Infinity: none does. Follows from the invitations. */
  invitationExpiryMs: number;
  /** Calls that are over, oldest first, at most `maxCallsKept`. Replaced, never changed in place. */
  calls: readonly CallRecord[];
  /** By `type/id`, oldest first. */
  readonly tombstones: Map<string, Tombstone>;
  /** The highest version, and the latest time, of a tombstone that was dropped. */
  floor: number;
  floorMs: number;
}

/** Hashes of phone numbers and e-mail addresses that the user uploaded. */
export interface KeptContacts {
  /** Oldest first, at most `maxContactsKept`. */
  readonly kept: readonly string[];
  /** The `contact` actors of these are still to learn whether the user keeps them, from `dueMs` on. */
  readonly unsent: readonly string[];
  readonly dueMs: number;
}

export interface NameClaim {
  claimId: number;
  /** Of the handle. */
  key: string;
  dueMs: number;
}

/** Older tombstones are dropped, and beyond `maxTombstones` the oldest ones. */
export const tombstoneKeptMs = 30 * 86_400_000;
export const maxTombstones = 5_000;

export const defaultSettings: Settings = {
  friendVerifyRequired: true,
  notificationEnabled: true,
  soundEnabled: true,
  vibrationEnabled: true,
  messagePreviewEnabled: true,
  language: "zh-CN",
  searchByPhone: true,
  searchById: true,
  lastSeen: "friends",
  groupInviteConsent: false,
  contactsConsent: false,
};

/** Shared by the users who have no other. */
export const defaultStanding: UserState["standing"] = {
  role: "user",
  accessLevel: 0,
  lastLoginAtMs: 0,
  isDeleted: false,
};

/** An empty Map takes 200 bytes, and most lists of most users are empty. */
const none: ReadonlyMap<string, never> = new Map<string, never>();
const noCalls: readonly CallRecord[] = [];

export function createUserState(userId: UserId): UserState {
  return {
    userId,
    version: 0,
    settings: { type: "settings", id: "me", settings: defaultSettings, version: 0, updatedAtMs: 0 },
    standing: defaultStanding,
    lists: {
      friend: none,
      request: none,
      friend_group: none,
      block: none,
      invitation: none,
      join_request: none,
      conversation: none,
      deleted: none,
      call: none,
    },
    nameClaims: [],
    friendsUpdatedAtMs: 0,
    requestExpiryMs: Number.POSITIVE_INFINITY,
    invitationExpiryMs: Number.POSITIVE_INFINITY,
    calls: noCalls,
    tombstones: new Map(),
    floor: 0,
    floorMs: 0,
  };
}

/**
 * Puts a new or changed item at the end of its list. Items are never changed in place, because an answer that waits for its
 * commit still holds the old ones.
 */
export function putItem(state: UserState, item: ListItem): void {
  const lists = state.lists as Record<ListType, ReadonlyMap<string, ListItem>>;
  if (lists[item.type] === none) lists[item.type] = new Map();
  const list = lists[item.type] as Map<string, ListItem>;
  list.delete(item.id);
  list.set(item.id, item);
  state.tombstones.delete(tombstoneKey(item.type, item.id));
}

/** Replaces an item by its tombstone. */
export function buryItem(state: UserState, type: ListType, id: string, version: number, atMs: number): void {
  const list = state.lists[type] as Map<string, ListItem>;
  if (!list.delete(id)) return;
  const key = tombstoneKey(type, id);
  state.tombstones.delete(key);
  state.tombstones.set(key, { type, id, version, updatedAtMs: atMs });
  pruneTombstones(state, atMs);
}

function pruneTombstones(state: UserState, nowMs: number): void {
  for (const [key, stone] of state.tombstones) {
    if (state.tombstones.size <= maxTombstones && stone.updatedAtMs + tombstoneKeptMs >= nowMs) return;
    state.tombstones.delete(key);
    state.floor = Math.max(state.floor, stone.version);
    state.floorMs = Math.max(state.floorMs, stone.updatedAtMs);
  }
}

function tombstoneKey(type: ListType, id: string): string {
  return `${type}/${id}`;
}

/** A tombstone in the shape of its item, of which only type, id, version and time have a meaning. */
export function tombstoneItem({ type, id, version, updatedAtMs }: Tombstone): VersionedItem {
  const common = { id, version, updatedAtMs, deleted: true as const };
  switch (type) {
    case "friend":
      return { ...emptyFriend, ...common };
    case "request":
      return { ...emptyRequest, ...common };
    case "friend_group":
      return { type, name: "", sort: 0, ...common };
    case "block":
      return { type, blockedAtMs: 0, ...common };
    case "invitation":
      return { ...emptyInvitation, ...common };
    case "join_request":
      return { type, ...emptyJoinRequest, ...common };
    case "deleted":
      return { type, messages: [], ...common };
    case "call":
      return { type, call: null, ...common, id: "current" };
    case "conversation":
      return { ...emptyEntry, ...common, conversationType: parseConversationId(id)?.type ?? "single" };
  }
}

export const emptyRequest = {
  type: "request",
  id: "",
  userId: "",
  direction: "received",
  message: "",
  source: "",
  status: "rejected",
  createdAtMs: 0,
  groupId: "",
  expiresAtMs: 0,
} as const;

const emptyJoinRequest = {
  conversationId: "",
  groupName: "",
  message: "",
  status: "rejected",
  createdAtMs: 0,
  handledAtMs: 0,
} as const;

export const emptyInvitation = {
  type: "invitation",
  id: "",
  conversationId: "",
  groupName: "",
  inviterId: "",
  status: "pending",
  createdAtMs: 0,
  expiresAtMs: 0,
} as const satisfies UserItem;
/** Shared by all friends who are in no group; never changed in place. */
const noGroups: string[] = [];

export const emptyFriend = {
  type: "friend",
  id: "",
  remark: "",
  sinceMs: 0,
  isStarred: false,
  groupIds: noGroups,
  nickname: null,
  avatar: null,
} as const satisfies UserItem;

export const emptyEntry: ListEntry = {
  type: "conversation",
  id: "",
  conversationType: "single",
  joinedAtMs: 0,
  fanout: "users",
  isPinned: false,
  pinnedAtMs: 0,
  isMuted: false,
  hiddenSeq: 0,
  clearedSeq: 0,
  readSeq: 0,
  readCountSeq: 0,
  mentionSeqs: [],
  remark: "",
};
