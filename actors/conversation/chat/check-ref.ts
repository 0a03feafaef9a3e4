// Checks of a message that a command names. Its facts come with the command, read from its row; the row's status and the
// changes since then decide together: the memory of changes is bounded, so a message that is missing in it may have been
// recalled long ago.
import { DomainError, type ErrorName } from "../../shared/errors.ts";
import type { UserId } from "../../shared/ids.ts";
import type { PlacedMessage } from "../model/send-types.ts";
import type { ConversationState, MessageChanged } from "../model/state.ts";

/** How a message ended: "recalled" and "expired" are final. Throws common.conflict for facts that are too old to tell. */
export function findEnd(
  state: ConversationState,
  { seq, status, asOfVersion }: PlacedMessage,
): { status: "recalled" | "expired"; version: number } | undefined {
  const changed = state.changed.get(seq);
  if (changed && changed.status !== "edited") return { status: changed.status, version: changed.version };
  if (status === "recalled" || status === "expired") return { status, version: 0 };
  if (!changed && asOfVersion < state.forgottenVersion) {
    throw changedMeanwhile();
  }
  return undefined;
}

/** The facts that came with a command may be older than a change which the state has forgotten. */
export function changedMeanwhile(): DomainError {
  return new DomainError("common.conflict", { message: "The conversation changed meanwhile. Try again." });
}

const endErrors = { recalled: "message.recalled", expired: "message.not_found" } as const satisfies Record<
  string,
  ErrorName
>;

/** Throws message.recalled or message.not_found for a message that has ended. */
export function checkNotEnded(status: MessageChanged["status"] | undefined): void {
  if (status === "recalled" || status === "expired") throw new DomainError(endErrors[status]);
}

export function checkVisible(state: ConversationState, userId: UserId, { seq }: Pick<PlacedMessage, "seq">): void {
  const fromSeq = state.group?.members.get(userId)?.visibleFromSeq ?? 1;
  if (seq < fromSeq || seq > state.seq) throw new DomainError("message.not_found");
}

/** Throws message.recalled or message.not_found for a message whose content is gone. */
export function checkThere(state: ConversationState, userId: UserId, message: PlacedMessage): void {
  checkVisible(state, userId, message);
  checkNotEnded(findEnd(state, message)?.status);
}
