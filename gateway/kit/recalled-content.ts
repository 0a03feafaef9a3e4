import type { FoundMessage } from "../../actors/reading/contract.ts";
import type { UserId } from "../../actors/shared/ids.ts";

/**
 * What a recalled message said, for its sender alone, who may edit it and send it again: the recall that took it back answers it
 * once. Undefined for everybody else, and for a repeat.
 */
export function recalledContent({ message }: FoundMessage, by: UserId, recalled: { isFirst?: true }): unknown {
  return recalled.isFirst && message.senderId === by ? (message.content ?? undefined) : undefined;
}
