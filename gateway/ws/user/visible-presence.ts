// Whose presence a user may see now, and what is sent of it.
import type { Actors } from "../../../actors/runtime/actors.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { Gate } from "../../../actors/shared/gate.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { User } from "../../../actors/user/contract.ts";
import { encodeFrame } from "../wire/encode.ts";
import { Frame } from "../wire/frame.ts";

export interface PresenceState {
  readonly isOnline: boolean;
  readonly platforms: readonly string[];
  readonly lastSeenMs: number;
}

/** Of these users those who show themselves to the viewer. `gate` bounds the questions of all viewers together. */
export async function findVisible(
  actors: Actors,
  gate: Gate,
  viewerId: UserId,
  userIds: readonly UserId[],
): Promise<ReadonlySet<UserId>> {
  const friends = await actors.get(User, viewerId).friendsAmong({ userIds: [...userIds] });
  const isFriend = new Set(friends.userIds);
  const visible = new Set<UserId>();
  const judge = async (userId: UserId): Promise<void> => {
    const shownTo = await lastSeenOf(actors, userId, viewerId);
    if (shownTo === "everybody" || (shownTo === "friends" && isFriend.has(userId))) visible.add(userId);
  };
  await Promise.all(userIds.map((userId) => gate.run(() => judge(userId))));
  return visible;
}

async function lastSeenOf(actors: Actors, userId: UserId, viewerId: UserId): Promise<string> {
  try {
    return (await actors.get(User, userId).card({ viewerId })).lastSeen;
  } catch (thrown) {
    if (thrown instanceof DomainError && thrown.kind !== "unavailable") return "nobody";
    throw thrown;
  }
}

/** `state` undefined: offline, and never seen. */
export function presenceFrame(userId: UserId, state: PresenceState | undefined, timestamp: number): Frame {
  if (state?.isOnline) {
    const platform = state.platforms[0] ?? "";
    return new Frame(encodeFrame("USER_ONLINE", { userId, platform, timestamp }, { timestamp }));
  }
  return new Frame(encodeFrame("USER_OFFLINE", { userId, lastSeen: state?.lastSeenMs ?? 0, timestamp }, { timestamp }));
}
