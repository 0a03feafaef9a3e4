/** A friend request that nobody answered for so long has expired, where the configuration says nothing else: 7 days. */
export const friendRequestMs = 7 * 86_400_000;

/** The first ms at which the request is expired. Requests of older releases carry no end of their own. */
export function requestExpiresMs(request: { createdAtMs: number; expiresAtMs?: number | null }): number {
  return request.expiresAtMs || request.createdAtMs + friendRequestMs;
}

/** Nobody has answered the request, and its time is not over. */
export function isOpenRequest(
  request: { status: string; createdAtMs: number; expiresAtMs?: number | null },
  nowMs: number,
): boolean {
  return request.status === "pending" && nowMs < requestExpiresMs(request);
}
