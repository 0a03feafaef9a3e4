// Where an own message stands.
import type { Message } from "../../../client/base/wire.ts";
import type { Thread } from "../model/thread.ts";

export type OwnStatus = "sending" | "sent" | "delivered" | "read" | "failed";

type Receipts = Pick<Thread, "otherReadSeq" | "deliveredSeq" | "readCounts">;

/** Of a message that the server has. A receipt is valid for everything before it. */
export function statusOf({ seq, status, messageId }: Message, receipts: Receipts): OwnStatus {
  const isRead = status === "read" || seq <= receipts.otherReadSeq || (receipts.readCounts.get(messageId) ?? 0) > 0;
  if (isRead) return "read";
  return status === "delivered" || seq <= receipts.deliveredSeq ? "delivered" : "sent";
}
