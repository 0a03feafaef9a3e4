// Nicknames that belong to one user each (UNIQUE_NICKNAMES): a nickname is claimed like the names by which users log in
// (actors/user/names.ts), in its canonical form, and the one before is let go.
import { Handle } from "../../../actors/handle/contract.ts";
import type { CallOptions } from "../../../actors/runtime/contract.ts";
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { nicknameKey } from "../../../actors/shared/names.ts";
import { type Profile, type ProfilePatch, User } from "../../../actors/user/contract.ts";
import type { Edge } from "./route.ts";

/** Throws user.nickname_taken. */
export async function changeProfile(
  edge: Edge,
  userId: UserId,
  patch: ProfilePatch,
  call: CallOptions,
): Promise<Profile> {
  const user = edge.actors.get(User, userId);
  const { nickname } = patch;
  if (!edge.uniqueNicknames || nickname === undefined) return user.updateProfile({ patch }, call);
  // Without the client's key, which is that of the change: a retry finds the nickname claimed by the same user.
  const ownCall = { ...call, commandId: undefined };
  const before = await user.profile({}, ownCall);
  const key = nicknameKey(nickname);
  const { claimId } = await user.beginName({ key }, ownCall);
  try {
    await claim(edge, userId, key, ownCall);
    const profile = await user.updateProfile({ patch }, call);
    const release = [nicknameKey(before.nickname)];
    const { nickname: now } = await user.profile({}, ownCall);
    await user.endName({ claimId, change: { field: "nickname", name: now, from: now, release } }, ownCall);
    return profile;
  } catch (error) {
    // Any other failure may be of an answer that was lost: then the user gives up the claim in time.
    if (error instanceof DomainError) await user.endName({ claimId }, ownCall);
    throw error;
  }
}

/** For a registration: throws user.nickname_taken. */
export async function refuseTakenNickname(edge: Edge, nickname: string): Promise<void> {
  if (!edge.uniqueNicknames) return;
  const { userId } = await edge.actors.get(Handle, nicknameKey(nickname)).find({});
  if (userId !== undefined) throw new DomainError("user.nickname_taken");
}

/** After a registration. When another one took the nickname meanwhile, the new user gets `otherwise`. */
export async function claimNickname(
  edge: Edge,
  userId: UserId,
  { nickname, otherwise }: { nickname: string; otherwise: string },
  call: CallOptions,
): Promise<void> {
  if (!edge.uniqueNicknames) return;
  try {
    await claim(edge, userId, nicknameKey(nickname), call);
  } catch (error) {
    if (!(error instanceof DomainError && error.error === "user.nickname_taken")) throw error;
    await edge.actors.get(User, userId).updateProfile({ patch: { nickname: otherwise } }, call);
  }
}

async function claim(edge: Edge, userId: UserId, key: string, call: CallOptions): Promise<void> {
  try {
    await edge.actors.get(Handle, key).claim({ userId }, call);
  } catch (error) {
    if (error instanceof DomainError && error.error === "auth.user_exists")
      throw new DomainError("user.nickname_taken");
    throw error;
  }
}
