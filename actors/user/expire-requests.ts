// A friend request that nobody answers in time expires by an event, so that its item gets a new version: a device that was
// away finds the change by SYNC or by time. The conversation of the two decides by the time alone, without this event.
import { isOpenRequest, requestExpiresMs } from "../shared/friend-request.ts";
import type { UserState } from "./state.ts";
import type { UserTurn } from "./turn.ts";

/** Events of one turn, whose record is kept below 64 KiB; a request takes at most 1 KiB. The next turn follows at once. */
const maxExpiredPerTurn = 40;

/** When the first pending request expires; Infinity: none is pending. */
export function nextExpiryMs({ lists }: UserState): number {
  let nextMs = Number.POSITIVE_INFINITY;
  for (const item of lists.request.values()) {
    if (item.status === "pending") nextMs = Math.min(nextMs, requestExpiresMs(item));
  }
  return nextMs;
}

/** The number of versions that this made. */
export function expireRequests(turn: UserTurn): number {
  const { state, nowMs } = turn;
  if (state.requestExpiryMs > nowMs) return 0;
  let { version } = state;
  for (const item of state.lists.request.values()) {
    if (item.status !== "pending" || isOpenRequest(item, nowMs)) continue;
    version += 1;
    const { version: _, updatedAtMs: __, ...request } = item;
    turn.emit({ type: "request_changed", version, request: { ...request, status: "expired" }, atMs: nowMs });
    if (version === state.version + maxExpiredPerTurn) break;
  }
  return version - state.version;
}
