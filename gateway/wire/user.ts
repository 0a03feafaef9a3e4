import type { UserId } from "../../actors/shared/ids.ts";
import type { Profile, Settings } from "../../actors/user/contract.ts";
import type { WireAccount, WireProfile, WireSettings } from "./shapes/user.ts";

export function profileOnWire({ createdAtMs, ...profile }: Profile, qrcodeUrl: string): WireProfile {
  return { ...profile, qrcodeUrl, createdAt: createdAtMs };
}

/** Beside tokens: the name and contact data of the user. */
export function accountOnWire({ userId, nickname, avatar, phone, email, account }: Profile): WireAccount {
  return { userId, nickname, avatar, phone, email, account };
}

export function settingsOnWire(userId: string, settings: Settings): WireSettings {
  return { userId, ...settings };
}

export type Names = ReadonlyMap<UserId, { nickname: string; avatar: string }>;

/** A user as lists name them; both texts are empty for a user whose name is not known yet. */
export function userInfoOf(names: Names, userId: UserId): { userId: UserId; nickname: string; avatar: string } {
  const { nickname = "", avatar = "" } = names.get(userId) ?? {};
  return { userId, nickname, avatar };
}
