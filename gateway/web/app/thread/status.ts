// The status of an own message.
import type { Message } from "../../../client/base/wire.ts";

export type OwnStatus = "sending" | "sent" | "delivered" | "read" | "failed";

interface Receipts {
  /** How far the other user of a chat of two has read, and has received. */
  readonly theirReadSeq: number;
  readonly deliveredSeq: number;
  /** Message → members of a group who have read it. */
  readonly readCounts: ReadonlyMap<string, number>;
}

/** Of a message that the server has. A receipt is valid for everything before it. */
export function statusOf({ seq, status, messageId }: Message, receipts: Receipts): OwnStatus {
  const isRead = status === "read" || seq <= receipts.theirReadSeq || (receipts.readCounts.get(messageId) ?? 0) > 0;
  if (isRead) return "read";
  return status === "delivered" || seq <= receipts.deliveredSeq ? "delivered" : "sent";
}
