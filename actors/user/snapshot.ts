// A user's state as plain JSON: items as rows of values, since a user may have thousands of friends and groups.
// The order of `columns` is the format: a new field goes to the end, and an older row without it gets the default.
import { requestExpiresMs } from "../shared/friend-request.ts";
import type { CallRecord } from "./call-contract.ts";
import { nextInvitationExpiryMs } from "./expire-invitations.ts";
import { nextExpiryMs } from "./expire-requests.ts";
import {
  createUserState,
  defaultSettings,
  defaultStanding,
  emptyEntry,
  emptyFriend,
  emptyInvitation,
  emptyRequest,
  type Item,
  type ListItem,
  type ListType,
  putItem,
  type Tombstone,
  type UserState,
} from "./state.ts";

type Row = unknown[];
type Columns<T extends ListType> = readonly (keyof Item<T> & string)[];

const columns: { [T in ListType]: Columns<T> } = {
  friend: ["id", "version", "updatedAtMs", "remark", "sinceMs", "isStarred", "nickname", "avatar", "groupIds"],
  request: [
    ...(["id", "version", "updatedAtMs", "userId", "direction", "message", "source", "status"] as const),
    ...(["createdAtMs", "groupId", "expiresAtMs"] as const),
  ],
  friend_group: ["id", "version", "updatedAtMs", "name", "sort"],
  block: ["id", "version", "updatedAtMs", "blockedAtMs"],
  invitation: [
    ...(["id", "version", "updatedAtMs", "groupName", "inviterId", "createdAtMs"] as const),
    ...(["conversationId", "status", "expiresAtMs"] as const),
  ],
  join_request: [
    ...(["id", "version", "updatedAtMs", "conversationId", "groupName", "message", "status"] as const),
    ...(["createdAtMs", "handledAtMs"] as const),
  ],
  conversation: [
    ...([
      "id",
      "version",
      "updatedAtMs",
      "conversationType",
      "joinedAtMs",
      "fanout",
      "isPinned",
      "pinnedAtMs",
    ] as const),
    ...(["isMuted", "hiddenSeq", "clearedSeq", "readSeq", "readCountSeq", "mentionSeqs"] as const),
    ...(["remark"] as const),
  ],
  deleted: ["id", "version", "updatedAtMs", "messages"],
  call: ["id", "version", "updatedAtMs", "call"],
};

const callColumns = [
  ...(["callId", "peerId", "role", "callType", "conversationId", "roomName", "state", "startedMs"] as const),
  ...(["ringUntilMs", "callerName", "callerAvatar", "outcome", "connectedMs", "endedMs", "durationMs"] as const),
  ...(["answeredBy", "isMissed"] as const),
] as const satisfies readonly (keyof CallRecord)[];

interface Plain {
  version: number;
  floor: number;
  floorMs: number;
  profile?: Item<"profile">;
  settings: Item<"settings">;
  cardUpdate?: UserState["cardUpdate"];
  friendsUpdatedAtMs?: number;
  nameClaims?: UserState["nameClaims"];
  /** Absent: the default. */
  standing?: UserState["standing"];
  lists: Record<ListType, Row[]>;
  tombstones: [ListType, string, number, number][];
  calls?: Row[];
  qrCode?: UserState["qrCode"];
  contacts?: UserState["contacts"];
  hasLanguage?: boolean;
}

export function encodeUser(state: UserState): Plain {
  const { version, floor, floorMs, profile, settings, cardUpdate, friendsUpdatedAtMs, standing } = state;
  const { qrCode, hasLanguage, contacts } = state;
  const rows = (type: ListType): Row[] => {
    const fields = columns[type] as readonly (keyof ListItem)[];
    return Array.from(state.lists[type].values(), (item: ListItem) => fields.map((field) => item[field]));
  };
  return {
    ...{ version, floor, floorMs, profile, settings },
    ...(cardUpdate && { cardUpdate }),
    ...(state.nameClaims.length > 0 && { nameClaims: state.nameClaims }),
    ...(friendsUpdatedAtMs > 0 && { friendsUpdatedAtMs }),
    ...(standing !== defaultStanding && { standing }),
    ...(qrCode && { qrCode }),
    ...(hasLanguage && { hasLanguage }),
    ...(contacts && { contacts }),
    lists: {
      friend: rows("friend"),
      request: rows("request"),
      friend_group: rows("friend_group"),
      block: rows("block"),
      invitation: rows("invitation"),
      join_request: rows("join_request"),
      conversation: rows("conversation"),
      deleted: rows("deleted"),
      call: rows("call"),
    },
    calls: state.calls.map((call) => callColumns.map((field) => call[field] ?? null)),
    tombstones: Array.from(state.tombstones.values(), (t) => [t.type, t.id, t.version, t.updatedAtMs]),
  };
}

export function decodeUser(plain: unknown, key: string): UserState {
  const {
    lists,
    tombstones,
    calls = [],
    version,
    floor,
    floorMs,
    profile,
    settings,
    cardUpdate,
    friendsUpdatedAtMs = 0,
    nameClaims = [],
    standing,
    qrCode,
    contacts,
    // Before it was kept, a language that is not the default had been chosen.
    hasLanguage = settings.settings.language !== defaultSettings.language,
  } = plain as Plain;
  const state = createUserState(key);
  Object.assign(state, { version, floor, floorMs, friendsUpdatedAtMs, nameClaims });
  state.settings = { ...settings, settings: { ...defaultSettings, ...settings.settings } };
  if (profile) state.profile = profile;
  if (cardUpdate) state.cardUpdate = cardUpdate;
  if (standing) state.standing = standing;
  if (qrCode) state.qrCode = qrCode;
  if (contacts) state.contacts = contacts;
  if (hasLanguage) state.hasLanguage = true;
  for (const type of Object.keys(columns) as ListType[]) {
    for (const row of lists[type] ?? []) putItem(state, itemOf(type, row));
  }
  for (const [type, id, version, updatedAtMs] of tombstones) {
    const stone: Tombstone = { type, id, version, updatedAtMs };
    state.tombstones.set(`${type}/${id}`, stone);
  }
  state.requestExpiryMs = nextExpiryMs(state);
  state.invitationExpiryMs = nextInvitationExpiryMs(state);
  if (calls.length > 0) state.calls = calls.map(callOf);
  return state;
}

function callOf(row: Row): CallRecord {
  const fields = callColumns.map((field, i) => [field, row[i]]).filter(([, value]) => (value ?? null) !== null);
  return Object.fromEntries(fields) as CallRecord;
}

/** Of types whose older rows lack some columns. */
const empty: { readonly [T in ListType]?: object } = {
  conversation: emptyEntry,
  friend: emptyFriend,
  invitation: emptyInvitation,
  request: emptyRequest,
};

function itemOf(type: ListType, row: Row): ListItem {
  const item: Record<string, unknown> = { ...(empty[type] ?? { type }) };
  columns[type].forEach((field, i) => {
    if (i < row.length) item[field] = row[i];
  });
  // In older rows an invitation has the id of its group.
  if (type === "invitation" && item.conversationId === "") item.conversationId = item.id;
  if (item.type === "request") item.expiresAtMs = requestExpiresMs(item as unknown as Item<"request">);
  return item as unknown as ListItem;
}
