// An invitation that nobody answers in time expires by an event, so that its item gets a new version: a device that was away
// finds the change. The group decides by the time alone, without this event.
import type { Item, UserState } from "./state.ts";
import type { UserTurn } from "./turn.ts";

/** Events of one turn, whose record is kept below 64 KiB; an invitation takes at most 1 KiB. The next turn follows at once. */
const maxExpiredPerTurn = 20;

export function hasExpired({ status, expiresAtMs }: Item<"invitation">, nowMs: number): boolean {
  return status === "pending" && expiresAtMs > 0 && expiresAtMs <= nowMs;
}

/** When the first pending invitation expires; Infinity: none does. */
export function nextInvitationExpiryMs({ lists }: UserState): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const { status, expiresAtMs } of lists.invitation.values()) {
    if (status === "pending" && expiresAtMs > 0) nextMs = Math.min(nextMs, expiresAtMs);
  }
  return nextMs;
}

/** `taken`: events that this turn has made already. */
export function expireInvitations(turn: UserTurn, taken: number): void {
  const { state, nowMs } = turn;
  if (state.invitationExpiryMs > nowMs) return;
  let version = state.version + taken;
  for (const item of state.lists.invitation.values()) {
    if (!hasExpired(item, nowMs)) continue;
    version += 1;
    turn.emit({ version, ...endOf(item, "expired", nowMs) });
    if (version === state.version + taken + maxExpiredPerTurn) return;
  }
}

/** The event of an invitation that is over, without its version. */
export function endOf(
  { id: invitationId, conversationId, groupName, inviterId: by }: Item<"invitation">,
  status: "accepted" | "expired",
  atMs: number,
) {
  const type = "invitation_changed" as const;
  return { type, conversationId, groupName, by, isPending: false, atMs, status, invitationId };
}
