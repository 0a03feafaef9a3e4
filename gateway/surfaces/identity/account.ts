// A user as the surfaces show one.
import { DomainError } from "../../../actors/shared/errors.ts";
import type { UserId } from "../../../actors/shared/ids.ts";
import { canonicalAccountName } from "../../../actors/shared/names.ts";
import { type Profile, type Standing, User } from "../../../actors/user/contract.ts";
import type { Edge } from "../../rest/kit/route.ts";

export interface AccountView {
  profile: Profile;
  standing: Standing;
  username: string;
}

/** Throws user.not_found, for a deleted user too. */
export async function findAccount(edge: Edge, userId: UserId): Promise<AccountView> {
  const user = edge.actors.get(User, userId);
  const [profile, standing] = await Promise.all([user.profile({}), user.standing({})]);
  if (standing.isDeleted) throw new DomainError("user.not_found");
  return { profile, standing, username: usernameOf(profile) };
}

/** As it was typed, as long as the user shows themselves by it; a user without an account name shows a nickname. */
function usernameOf({ account, nickname }: Profile): string {
  return account === "" || canonicalAccountName(nickname) === account ? nickname : account;
}

/** ISO 8601 in UTC, as the clients of the surfaces read times. */
export function isoTime(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** Null for a time that there is not, or not yet. */
export function isoTimeOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : isoTime(atMs);
}
