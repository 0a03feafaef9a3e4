// Models as members of a group: they are no users, have no list, and are not counted among the members.
import { checkText } from "../../shared/check-text.ts";
import { DomainError } from "../../shared/errors.ts";
import { maxChars } from "../../shared/limits.ts";
import type { ConversationPorts } from "../model/ports.ts";
import { allow } from "../model/relation.ts";
import type { ConversationTurn } from "../model/state.ts";
import { checkAssistantId } from "./chat.ts";
import type { AssistantCommands } from "./contract.ts";
import { maxAssistantsPerGroup } from "./limits.ts";
import { discardReplies } from "./queue.ts";

type Input<N extends keyof AssistantCommands> = Parameters<AssistantCommands[N]>[0];

/** Like a user who joins, a model sees what came before only where the group allows it. */
export function addAssistant(
  turn: ConversationTurn,
  { userId, assistantId, ownerId, name, avatar }: Input<"addAssistant">,
  { rules }: ConversationPorts,
): null {
  const { state } = turn;
  allow(state, rules, "assistant.add", userId);
  const { group, version, seq } = state;
  if (!group) throw new DomainError("group.not_found");
  checkAssistantId(assistantId);
  checkText("name", name, maxChars.senderName);
  checkText("avatar", avatar, maxChars.url);
  const known = group.assistants?.get(assistantId);
  if (known?.name === name && known.avatar === avatar) return null;
  if (!known && (group.assistants?.size ?? 0) >= maxAssistantsPerGroup) {
    throw new DomainError("common.too_many", { message: `A group has at most ${maxAssistantsPerGroup} assistants.` });
  }
  const visibleFromSeq = known?.visibleFromSeq ?? (group.allowViewHistory ? 1 : seq + 1);
  const member = { assistantId, ownerId, name, avatar, visibleFromSeq };
  turn.emit({ type: "assistant_added", version: version + 1, lastSeq: seq, ...member, by: userId });
  return null;
}

export function removeAssistant(
  turn: ConversationTurn,
  { userId, assistantId }: Input<"removeAssistant">,
  { rules }: ConversationPorts,
): null {
  const { state } = turn;
  allow(state, rules, "assistant.remove", userId);
  if (!state.group?.assistants?.has(assistantId)) throw new DomainError("llm.assistant_not_found");
  discardReplies(turn, (reply) => reply.assistantId === assistantId);
  const { version, seq } = state;
  turn.emit({ type: "assistant_removed", version: version + 1, lastSeq: seq, assistantId, by: userId });
  return null;
}
