// A user's credentials, logins, places and devices.
// A login is active or ended, never both, and never active again.
// A place stays until its gateway leaves it or its process has ended, whatever became of its login.
// A cursor's number is the stamp of the record that journals it: it is never used twice.
import { BoundedMap } from "../shared/bounded-map.ts";
import type { UserId } from "../shared/ids.ts";
import type { EndReason, KnownLogin, Login, Place } from "./contract.ts";
import { createDevice, type Device } from "./device.ts";
import type { Revoked } from "./events.ts";

export interface StoredLogin extends Login {
  refreshHash: string;
  refreshUntilMs: number;
  /** Oldest first, at most `maxOldRefreshHashes`: one of them coming back means that a token was stolen. */
  oldRefreshHashes: string[];
}
export interface DevicePlace extends Place {
  deviceId: string;
}
type AccountStatus = "normal" | "banned" | "frozen";

export interface SessionState {
  readonly userId: UserId;
  credentials?: { passwordHash: string; credentialVersion: number; status: AccountStatus };
  readonly logins: Map<string, StoredLogin>;
  readonly revoked: Map<string, Revoked>;
  /** Logins that have ended, by id, in the order in which they ended. */
  readonly past: BoundedMap<string, KnownLogin>;
  /** By placeId, oldest first. */
  readonly places: BoundedMap<number, DevicePlace>;
  readonly devices: BoundedMap<string, Device>;
}

/** Old hashes beyond it are forgotten: such a token is refused, and revokes nothing. */
export const maxOldRefreshHashes = 50;
/** Whatever the kick policy allows: beyond it the oldest login is kicked. */
export const maxLogins = 50;
/** Revoked logins beyond it are forgotten, oldest first: they are refused all the same, as unknown. */
const maxRevokedKept = 500;
/** Ended logins beyond it leave the history, the first that ended first. */
export const maxPastLogins = 64;
/** Places beyond it: the oldest is taken for over. */
export const maxPlaces = 100;
/** Devices beyond it: the one used longest ago is forgotten; its cursor is answered with `full` then. */
export const maxDevices = 50;

export function createSessionState(userId: UserId): SessionState {
  const places = new BoundedMap<number, DevicePlace>(maxPlaces);
  const devices = new BoundedMap<string, Device>(maxDevices);
  const past = new BoundedMap<string, KnownLogin>(maxPastLogins);
  return { userId, logins: new Map(), revoked: new Map(), past, places, devices };
}

export function revokeLogins(state: SessionState, revoked: readonly Revoked[], nowMs: number): void {
  for (const entry of revoked) {
    endLogin(state, entry.loginId, entry.reason, nowMs);
    state.revoked.set(entry.loginId, entry);
  }
  for (const [loginId, { keepUntilMs }] of state.revoked) {
    if (keepUntilMs < nowMs || state.revoked.size > maxRevokedKept) state.revoked.delete(loginId);
  }
}

/** Logins whose refresh token nobody exchanged in time. */
export function endExpiredLogins(state: SessionState, nowMs: number): void {
  for (const [loginId, { refreshUntilMs }] of state.logins) {
    if (refreshUntilMs < nowMs) endLogin(state, loginId, "expired", nowMs);
  }
}

function endLogin(state: SessionState, loginId: string, reason: EndReason, nowMs: number): void {
  const login = state.logins.get(loginId);
  if (!login) return;
  state.logins.delete(loginId);
  const known = knownLogin(login, nowMs);
  state.past.set(loginId, known.endReason === "" ? { ...known, endedAtMs: nowMs, endReason: reason } : known);
}

/** A login as the history shows it, without its secrets: open, or expired by itself. */
export function knownLogin(login: StoredLogin, nowMs: number): KnownLogin {
  const { refreshHash: _, refreshUntilMs, oldRefreshHashes: __, ...shown } = login;
  if (refreshUntilMs >= nowMs) return { ...shown, endedAtMs: 0, endReason: "" };
  return { ...shown, endedAtMs: refreshUntilMs, endReason: "expired" };
}

export function useDevice(state: SessionState, deviceId: string, atMs: number): Device {
  const device = state.devices.get(deviceId) ?? createDevice(deviceId);
  device.usedAtMs = Math.max(device.usedAtMs, atMs);
  // The order of the map is the order of use.
  state.devices.renew(deviceId, device);
  return device;
}
