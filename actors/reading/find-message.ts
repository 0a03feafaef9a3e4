// Finds a message by its id without a row that maps ids. The id is a stamp of its conversation's shard, so the candidates are
// the one or two conversations of the user in that shard, and the id's time gives the bucket.
import type { MessageRef, StoredMessage } from "../conversation/contract.ts";
import { msOfStamp, shardOfStamp } from "../runtime/log/stamp.ts";
import { shardOf } from "../runtime/sharding.ts";
import { DomainError } from "../shared/errors.ts";
import { type ConversationId, isStampId, type MessageId, type UserId } from "../shared/ids.ts";
import { mapBounded } from "../shared/map-bounded.ts";
import { User } from "../user/contract.ts";
import type { FoundMessage, Reading } from "./contract.ts";
import type { ReadingDeps } from "./deps.ts";
import { applyTail } from "./overlay.ts";
import { type Bucket, listBuckets } from "./rows.ts";
import { canSee, openView, unlessGone, type View, withoutSecrets } from "./view.ts";

export async function findMessage(
  deps: ReadingDeps,
  { messageId, ...where }: Parameters<Reading["findMessage"]>[0],
): ReturnType<Reading["findMessage"]> {
  return found(await findOne(deps, createHomes(deps, where), messageId));
}

/** The message with the view in which it was found: a caller that reads more of the conversation opens no second view. */
export async function findWithView(
  deps: ReadingDeps,
  { messageId, ...where }: Parameters<Reading["findMessage"]>[0],
): Promise<InView> {
  return findOne(deps, createHomes(deps, where), messageId);
}

/** One conversation is opened once, however many messages of it are asked for. */
export async function findMessages(
  deps: ReadingDeps,
  { messageIds, ...where }: Parameters<Reading["findMessages"]>[0],
): ReturnType<Reading["findMessages"]> {
  const homes = createHomes(deps, where);
  return mapBounded(messageIds, deps.limits.maxConcurrentAsks, async (id) => found(await findOne(deps, homes, id)));
}

/** The view holds also the answers of models that have a newer version. */
interface InView {
  view: View;
  message: StoredMessage;
}

async function findOne(deps: ReadingDeps, homes: Homes, id: MessageId): Promise<InView> {
  for (const conversationId of await homes.list(id)) {
    const view = await homes.open(conversationId);
    const message = view && (await findIn(deps, view, id));
    if (message) return { view, message };
  }
  throw new DomainError("message.not_found");
}

function found({ view, message }: InView): FoundMessage {
  const { messageId, seq, bucket, senderId, atMs, contentType, status } = message;
  const asOfVersion = view.window.head.version;
  const ref: MessageRef = { messageId, seq, bucket, senderId, atMs, contentType, status, asOfVersion };
  return { conversationId: view.conversationId, message, ref };
}

/** The conversations of one user that may hold a message. */
interface Homes {
  list(messageId: MessageId): Promise<ConversationId[]>;
  open(conversationId: ConversationId): Promise<View | undefined>;
}

function createHomes(
  deps: ReadingDeps,
  { userId, conversationId }: { userId: UserId; conversationId?: ConversationId | undefined },
): Homes {
  let listed: Promise<ConversationId[]> | undefined;
  const views = new Map<ConversationId, Promise<View | undefined>>();
  const listAll = async (): Promise<ConversationId[]> => {
    if (conversationId !== undefined) return [conversationId];
    const { items } = await deps.actors.get(User, userId).items({ sinceVersion: 0, types: ["conversation"] });
    return items.flatMap(({ id, deleted }) => (deleted ? [] : [id]));
  };
  return {
    async list(messageId) {
      if (!isStampId(messageId)) return [];
      const shard = shardOfStamp(Number(messageId));
      listed ??= listAll();
      return (await listed).filter((id) => shardOf("conversation", id) === shard);
    },
    open(id) {
      const known = views.get(id);
      if (known) return known;
      const opened = unlessGone(openView(deps, userId, id, true));
      views.set(id, opened);
      return opened;
    },
  };
}

/** Undefined: it is not in this conversation, or not for this viewer. */
export async function findIn(deps: ReadingDeps, view: View, messageId: MessageId): Promise<StoredMessage | undefined> {
  const found = findInTail(view, messageId) ?? (await findInRows(deps, view, messageId));
  return found && canSee(view, found.seq) ? withoutSecrets(view, found) : undefined;
}

function findInTail({ overlay }: View, messageId: MessageId): StoredMessage | undefined {
  for (const message of overlay.messages.values()) if (message.messageId === messageId) return message;
  return undefined;
}

async function findInRows(deps: ReadingDeps, view: View, messageId: MessageId): Promise<StoredMessage | undefined> {
  const { bucket: current, bucketFromMs = Number.POSITIVE_INFINITY } = view.window;
  const atMs = msOfStamp(Number(messageId));
  const find = async (bucket: number) => {
    const row = await deps.messages.find(view.conversationId, bucket, messageId);
    return row && applyTail(view.overlay, row);
  };
  // Most messages that are named lie in the current bucket, which needs no list of buckets.
  const found = atMs >= bucketFromMs ? await find(current) : undefined;
  if (found) return found;
  for (const { bucket } of nearestInTime(await listBuckets(deps, view), atMs)) {
    const row = await find(bucket);
    if (row) return row;
  }
  return undefined;
}

/** The bucket of that time, then its neighbours: stamps never go back, but the wall clock that opens buckets may. */
function nearestInTime(buckets: readonly Bucket[], atMs: number): Bucket[] {
  const after = buckets.findIndex(({ fromMs }) => fromMs !== undefined && fromMs > atMs);
  const at = after < 0 ? buckets.length - 1 : Math.max(0, after - 1);
  return [buckets[at], buckets[at - 1], buckets[at + 1]].filter((bucket) => bucket !== undefined);
}
