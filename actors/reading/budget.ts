import { utf8Length } from "../shared/utf8.ts";

/** How much of one answer is left. The first part always fits, so that every answer moves on. */
export interface Budget {
  messagesLeft: number;
  bytesLeft: number;
  /** Parts that one journaled step of the device can hold. */
  partsLeft: number;
  isEmpty: boolean;
}

export function hasRoom(budget: Budget): boolean {
  return budget.isEmpty || (budget.messagesLeft > 0 && budget.bytesLeft > 0 && budget.partsLeft > 0);
}

export function take(budget: Budget, used: { messages: number; bytes: number }): void {
  budget.messagesLeft -= used.messages;
  budget.bytesLeft -= used.bytes;
  budget.partsLeft -= 1;
  budget.isEmpty = false;
}

/** Bytes of a value as JSON in UTF-8. */
export function sizeOf(value: unknown): number {
  return utf8Length(JSON.stringify(value));
}
