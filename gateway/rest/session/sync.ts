// Catching up. POST /sync has two spellings: a cursor or a vector is answered with exact differences (G6); `lastSyncTime` and
// `conversationSeqs` are answered with the lists and the messages after each seq.
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import type { Vector } from "../../../actors/session/contract.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import { optionalCount, optionalId, optionalSeq, optionalTime } from "../../input/rules.ts";
import { msOfWireTime } from "../../input/times.ts";
import { schema } from "../../input/validate.ts";
import { limits } from "../../kit/rate-limit.ts";
import { notifySynced } from "../../kit/sync-completed.ts";
import { sessionOnWire } from "../../wire/session.ts";
import { either } from "../../wire/shapes/fields.ts";
import { syncByTimeShape, syncMessagesShape, syncShape } from "../../wire/shapes/sync.ts";
import { syncOnWire } from "../../wire/sync.ts";
import { settingsOnWire } from "../../wire/user.ts";
import { invitationsOf } from "../group/group-invitations.ts";
import { listGroups } from "../group/group-list.ts";
import { itemsOf, splitItems } from "../kit/items.ts";
import { type Edge, type Request, type Route, route } from "../kit/route.ts";
import { type ConversationSeq, conversationSeqs, messagesAfter } from "../message/sync-messages.ts";
import { friendGroupsOf } from "../people/friend-groups.ts";
import { blacklistOf, friendsOnWire } from "../people/friend-list.ts";

interface SyncBody {
  cursor?: number;
  vector?: Vector["conversations"];
  userVersion?: number;
  storeId?: string;
  limit?: number;
  lastSyncTime?: number;
  conversationSeqs?: ConversationSeq[];
}
interface MessagesBody {
  conversationSeqs: ConversationSeq[];
  limitPerConversation?: number;
}
export const syncRoutes: Route[] = [
  route({
    method: "POST",
    path: "/sync",
    auth: "user",
    limit: limits.sync,
    summary: "All changes since a cursor, a vector {conversationId: version}, or a time",
    body: schema<SyncBody>(
      {
        cursor: optionalSeq,
        vector: {
          type: "record",
          key: { type: "string", max: 64 },
          value: { type: "number", integer: true, min: 0 },
          optional: true,
        },
        userVersion: optionalSeq,
        storeId: optionalId,
        limit: optionalCount(1_000),
        lastSyncTime: optionalTime,
        conversationSeqs: { ...conversationSeqs, optional: true },
      },
      { example: { vector: { s_247239848097504_247239848101600: 57 }, userVersion: 9, storeId: "k3v9" } },
    ),
    answers: either(syncShape, syncByTimeShape),
    errors: ["sync.failed"],
    handle: (request) => {
      const { cursor, vector } = request.body;
      return cursor === undefined && vector === undefined ? syncByTime(request) : syncByProgress(request);
    },
  }),

  route({
    method: "POST",
    path: "/sync/messages",
    auth: "user",
    limit: limits.sync,
    summary:
      "The messages after `lastSeq` of each conversation; a conversation that the caller cannot see is answered empty",
    query: schema<{ limit?: number }>({ limit: optionalCount(1_000) }),
    body: schema<MessagesBody>(
      { conversationSeqs, limitPerConversation: optionalCount(1_000) },
      { example: { conversationSeqs: [{ conversationId: "s_247239848097504_247239848101600", lastSeq: 41 }] } },
    ),
    answers: syncMessagesShape,
    async handle({ caller, query, body, edge }) {
      const perConversation = body.limitPerConversation ?? query.limit ?? 50;
      return { conversations: await messagesAfter(edge, caller.userId, body.conversationSeqs, perConversation) };
    },
  }),
];

type SyncRequest = Request<"/sync", "user", undefined, SyncBody>;

async function syncByProgress({ caller, body, edge }: SyncRequest) {
  const { cursor, vector, userVersion = 0, storeId } = body;
  const progress = { vector: { userVersion, conversations: vector ?? {} } };
  const byVector = storeId === undefined ? progress : { ...progress, storeId };
  const { userId, deviceId } = caller;
  const maxMessages = Math.min(body.limit ?? edge.limits.maxPageMessages, edge.limits.maxPageMessages);
  const from = cursor === undefined ? byVector : { cursor };
  const limit = { maxMessages, maxBytes: edge.limits.maxPageBytes };
  const result = await edge.reading.sync({ userId, deviceId, from, ...limit });
  const isFromBeginning = "cursor" in from ? from.cursor === 0 : isEmpty(from.vector);
  if (isFromBeginning && !result.hasMore) notifySynced(edge, { userId, deviceId, cursor: result.cursor });
  return syncOnWire(result);
}

function isEmpty({ userVersion, conversations }: Vector): boolean {
  return userVersion === 0 && Object.keys(conversations).length === 0;
}

async function syncByTime({ caller, body, edge, call }: SyncRequest) {
  const { userId } = caller;
  const sinceMs = msOfWireTime(body.lastSyncTime ?? 0);
  // Taken before anything is read: a change meanwhile is answered again next time, and never lost.
  const syncTime = edge.clock.nowMs();
  const [{ items, full }, groups, listed, conversations, own] = await Promise.all([
    itemsOf(edge, userId, "friend", sinceMs, call),
    listGroups(edge, userId, sinceMs, call),
    edge.reading.sessions(sinceMs > 0 ? { userId, sinceMs } : { userId }),
    messagesAfter(edge, userId, body.conversationSeqs ?? [], 50),
    ownLists(edge, userId, call),
  ]);
  const { live, deletedIds } = splitItems(items);
  return {
    full: full || groups.full || listed.full,
    friends: await friendsOnWire(edge, userId, live, call),
    deletedFriendIds: deletedIds,
    groups: groups.groups,
    deletedGroupIds: groups.deletedIds,
    sessions: listed.sessions.map((view) => sessionOnWire(view, userId)),
    deletedSessionIds: listed.deletedIds,
    messages: conversations,
    ...own,
    syncTime,
    lastSyncTime: syncTime,
  };
}

/** Short lists of the caller, always whole. */
async function ownLists(edge: Edge, userId: UserId, call: CallOptions) {
  const [friendGroups, { invitations }, blacklist, settings] = await Promise.all([
    friendGroupsOf(edge, userId, call),
    invitationsOf(edge, userId, {}, call),
    blacklistOf(edge, userId, call),
    edge.actors.get(User, userId).settings({}, call),
  ]);
  return { friendGroups, invitations, blacklist, settings: settingsOnWire(userId, settings) };
}
