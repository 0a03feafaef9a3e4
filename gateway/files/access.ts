// Who may read a file: its owner, and users who may see a message that holds it. Avatars are for everybody.
import { Conversation } from "../../actors/conversation/contract.ts";
import { File, type FileContent, type FileView } from "../../actors/file/contract.ts";
import { isFileId } from "../../actors/file/names.ts";
import type { Reading } from "../../actors/reading/contract.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { isPublic } from "../../actors/shared/file-type.ts";
import { type ConversationId, parseConversationId, type UserId } from "../../actors/shared/ids.ts";
import type { GatewayDeps } from "../ports.ts";
import { bodiesName } from "./merged.ts";

export type FileEdge = Pick<GatewayDeps, "actors" | "reading" | "objects" | "log">;
interface Reader {
  userId: UserId;
  /** A message that the reader says holds the file: it is looked at first. */
  messageId?: string;
}

export type ReadableFile = FileView & { content: FileContent };

/** Conversations that are asked for one reader; a file of more is not shown to those who are only in others. */
const maxConversationsAsked = 32;

/** Throws file.gone, and file.not_found, for a file that is not the reader's to see, too. */
export async function readableFile(
  edge: FileEdge,
  fileId: string,
  reader: Reader,
  call: CallOptions,
): Promise<ReadableFile> {
  return withBytes(await seenFile(edge, fileId, reader, call));
}

/** Throws file.gone, and file.not_found for a file that is not made yet or was refused. */
export function withBytes(view: FileView): ReadableFile {
  refuseGone(view);
  return availableOf(view);
}

/** Throws file.gone. */
export function refuseGone({ state }: Pick<FileView, "state">): void {
  if (state === "expired" || state === "deleted") throw new DomainError("file.gone");
}

function availableOf(view: FileView): ReadableFile {
  if (view.state !== "available" || !view.content) throw new DomainError("file.not_found");
  return { ...view, content: view.content };
}

/** The same in any state, for its owner; for others available and expired ones. */
export async function seenFile(edge: FileEdge, fileId: string, reader: Reader, call: CallOptions): Promise<FileView> {
  if (!isFileId(fileId)) throw new DomainError("file.not_found");
  const view = await edge.actors.get(File, fileId).find({}, call);
  if (view.ownerId === reader.userId) return view;
  if (view.state !== "available" && view.state !== "expired") throw new DomainError("file.not_found");
  const mayRead = view.type === undefined ? isMemberOfHolder : seesMessage;
  if (isPublic(view.type) || (await mayRead(edge, fileId, reader, call))) return view;
  throw new DomainError("file.not_found");
}

/** A file of a chat with a model. */
async function isMemberOfHolder(
  edge: FileEdge,
  fileId: string,
  { userId }: Reader,
  call: CallOptions,
): Promise<boolean> {
  const { conversationIds } = await edge.actors.get(File, fileId).readers({}, call);
  for (const conversationId of conversationIds.filter(mayHold(userId)).slice(-maxConversationsAsked)) {
    if (await isMember(edge, conversationId, userId, call)) return true;
  }
  return false;
}

/** A file of the messenger is read by the users who see a message that holds it: not after a recall, not above a hidden history. */
async function seesMessage(edge: FileEdge, fileId: string, reader: Reader, call: CallOptions): Promise<boolean> {
  const { userId, messageId } = reader;
  if (messageId !== undefined && (await holds(edge, { userId, messageId }, fileId))) return true;
  const holders = await edge.actors.get(File, fileId).holders({}, call);
  const isHolder = mayHold(userId);
  for (const { conversationId, messageIds } of holders
    .filter((each) => isHolder(each.conversationId))
    .slice(-maxConversationsAsked)) {
    for (const each of messageIds.toReversed()) {
      if (await holds(edge, { userId, messageId: each, conversationId }, fileId)) return true;
    }
  }
  return false;
}

async function holds(edge: FileEdge, asked: Parameters<Reading["findMessage"]>[0], fileId: string): Promise<boolean> {
  try {
    const { message } = await edge.reading.findMessage(asked);
    if (message.status !== "normal" && message.status !== "edited") return false;
    if ((message.content as { fileId?: unknown } | null)?.fileId === fileId) return true;
    return message.bodies !== undefined && (await bodiesName(edge, message.bodies, fileId));
  } catch (thrown) {
    if (thrown instanceof DomainError && thrown.kind !== "unavailable") return false;
    throw thrown;
  }
}

/** Throws file.not_found. */
export async function availableFile({ actors }: FileEdge, fileId: string, call: CallOptions): Promise<ReadableFile> {
  if (!isFileId(fileId)) throw new DomainError("file.not_found");
  return availableOf(await actors.get(File, fileId).view({}, call));
}

/** Throws session.not_found for a conversation that the user is not in. */
export async function requireMember(
  edge: FileEdge,
  id: ConversationId,
  userId: UserId,
  call: CallOptions,
): Promise<void> {
  if (!parseConversationId(id) || !(await isMember(edge, id, userId, call))) throw new DomainError("session.not_found");
}

async function isMember({ actors }: FileEdge, id: ConversationId, userId: UserId, call: CallOptions): Promise<boolean> {
  try {
    await actors.get(Conversation, id).summary({ userId }, call);
    return true;
  } catch (thrown) {
    if (thrown instanceof DomainError && thrown.kind !== "unavailable") return false;
    throw thrown;
  }
}

/** The id of a conversation of two names both. */
function mayHold(userId: UserId): (id: ConversationId) => boolean {
  return (id) => {
    const parsed = parseConversationId(id);
    return parsed !== undefined && (parsed.type !== "single" || parsed.users.includes(userId));
  };
}
