import type { Profile, Settings } from "../../actors/user/contract.ts";

export function profileOnWire({ createdAtMs, ...profile }: Profile): Record<string, unknown> {
  return { ...profile, qrcodeUrl: "", createdAt: createdAtMs };
}

/** Beside tokens: just enough to greet the user. */
export function accountOnWire({ userId, nickname, avatar, phone, email, account }: Profile): Record<string, unknown> {
  return { userId, nickname, avatar, phone, email, account };
}

export function settingsOnWire(userId: string, settings: Settings): Record<string, unknown> {
  return { userId, ...settings };
}
