// Who may read a file: its owner, and the members of the conversations whose messages hold it.
import { Conversation } from "../../actors/conversation/contract.ts";
import { File, type FileView } from "../../actors/file/contract.ts";
import { isFileId } from "../../actors/file/names.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { CallOptions } from "../../actors/runtime/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";
import { type ConversationId, parseConversationId, type UserId } from "../../actors/shared/ids.ts";

type Edge = { readonly actors: Actors };

/** Conversations that are asked for one reader; a file of more is not shown to those who are only in others. */
const maxConversationsAsked = 32;

/** Throws file.not_found, for a file that is not the reader's to see, too. */
export async function readableFile(
  { actors }: Edge,
  fileId: string,
  userId: UserId,
  call: CallOptions,
): Promise<FileView> {
  const view = await availableFile({ actors }, fileId, call);
  if (view.ownerId === userId) return view;
  const { conversationIds } = await actors.get(File, fileId).readers({}, call);
  for (const conversationId of conversationIds.filter(mayHold(userId)).slice(-maxConversationsAsked)) {
    if (await isMember({ actors }, conversationId, userId, call)) return view;
  }
  throw new DomainError("file.not_found");
}

/** Throws file.not_found. */
export async function availableFile({ actors }: Edge, fileId: string, call: CallOptions): Promise<FileView> {
  if (!isFileId(fileId)) throw new DomainError("file.not_found");
  const view = await actors.get(File, fileId).view({}, call);
  if (view.state !== "available") throw new DomainError("file.not_found");
  return view;
}

/** Throws session.not_found for a conversation that the user is not in. */
export async function requireMember(edge: Edge, id: ConversationId, userId: UserId, call: CallOptions): Promise<void> {
  if (!parseConversationId(id) || !(await isMember(edge, id, userId, call))) throw new DomainError("session.not_found");
}

async function isMember({ actors }: Edge, id: ConversationId, userId: UserId, call: CallOptions): Promise<boolean> {
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
