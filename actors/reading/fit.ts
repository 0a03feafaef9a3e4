import { type Budget, hasRoom, sizeOf } from "./budget.ts";
import type { ConversationDifference } from "./difference.ts";

interface Fitted {
  difference: ConversationDifference;
  bytes: number;
  /** False: the rest follows in the next answer. */
  isWhole: boolean;
}

/**
 * Cuts a difference at a version so that it fits; undefined when no part fits. A `full` difference is answered whole or not
 * at all; in an empty answer with as many of its newest messages as fit.
 */
export function fitDifference(difference: ConversationDifference, budget: Budget): Fitted | undefined {
  if (!hasRoom(budget)) return undefined;
  const emptyBytes = sizeOf({ ...difference, messages: [], changes: [] });
  const messageBytes = difference.messages.map(sizeOf);
  const changeBytes = difference.changes.map(sizeOf);
  const bytes = emptyBytes + sum(messageBytes) + sum(changeBytes);
  if (difference.messages.length <= budget.messagesLeft && bytes <= budget.bytesLeft) {
    return { difference, bytes, isWhole: true };
  }
  if (difference.full) return budget.isEmpty ? newestThatFit(difference, messageBytes, emptyBytes, budget) : undefined;
  return oldestThatFit(difference, { emptyBytes, messageBytes, changeBytes }, budget);
}

function newestThatFit(
  difference: ConversationDifference,
  messageBytes: readonly number[],
  emptyBytes: number,
  budget: Budget,
): Fitted {
  let bytes = emptyBytes;
  let from = messageBytes.length;
  while (from > 0 && messageBytes.length - from < budget.messagesLeft) {
    const next = messageBytes[from - 1]!;
    if (bytes + next > budget.bytesLeft && from < messageBytes.length) break;
    bytes += next;
    from -= 1;
  }
  return { difference: { ...difference, messages: difference.messages.slice(from) }, bytes, isWhole: true };
}

/** As many messages and changes as fit, in the order of their versions. */
function oldestThatFit(
  difference: ConversationDifference,
  sizes: { emptyBytes: number; messageBytes: readonly number[]; changeBytes: readonly number[] },
  budget: Budget,
): Fitted | undefined {
  const { messages, changes } = difference;
  let bytes = sizes.emptyBytes;
  let m = 0;
  let c = 0;
  let nextVersion = difference.version + 1;
  while (m < messages.length || c < changes.length) {
    const messageVersion = messages[m]?.version ?? Number.POSITIVE_INFINITY;
    const changeVersion = changes[c]?.version ?? Number.POSITIVE_INFINITY;
    const isMessage = messageVersion < changeVersion;
    const size = isMessage ? sizes.messageBytes[m]! : sizes.changeBytes[c]!;
    const isFirst = budget.isEmpty && m + c === 0;
    if (!isFirst && (bytes + size > budget.bytesLeft || (isMessage && m === budget.messagesLeft))) {
      nextVersion = Math.min(messageVersion, changeVersion);
      break;
    }
    bytes += size;
    if (isMessage) m += 1;
    else c += 1;
  }
  if (m + c === 0) return undefined;
  const version = nextVersion - 1;
  return {
    difference: {
      ...difference,
      version,
      seq: version === difference.version ? difference.seq : (messages[m - 1]?.seq ?? difference.seq),
      messages: messages.slice(0, m),
      changes: changes.slice(0, c),
    },
    bytes,
    isWhole: version === difference.version,
  };
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}
