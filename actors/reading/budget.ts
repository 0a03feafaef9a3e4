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
  const text = JSON.stringify(value);
  let bytes = text.length;
  // Surrogate pairs count 6 for 4: a bound may be a little early, never late.
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7ff) bytes += 2;
    else if (unit > 0x7f) bytes += 1;
  }
  return bytes;
}
