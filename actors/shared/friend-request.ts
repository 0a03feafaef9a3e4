/** A friend request that nobody answered for so long has expired: 7 days. */
export const friendRequestMs = 7 * 86_400_000;
