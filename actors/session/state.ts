// A user's credentials, logins, sockets and devices.
// S1: a login is active or revoked, never both, and never active again. S2: a socket stays until somebody confirms that it is
// closed, whatever became of its login. S3: a cursor's number is the stamp of the record that journals it: never used twice.
// S4: a socket that was confirmed as closed is never counted again: a call of `connect` may arrive after its end was told.
import { BoundedMap } from "../shared/bounded-map.ts";
import type { UserId } from "../shared/ids.ts";
import type { Login, SocketPlace } from "./contract.ts";
import { createDevice, type Device } from "./device.ts";
import type { Revoked } from "./events.ts";

export interface StoredLogin extends Login {
  refreshHash: string;
  refreshUntilMs: number;
  /** Oldest first, at most `maxOldRefreshHashes`: one of them coming back means that a token was stolen. */
  oldRefreshHashes: string[];
}
export interface Socket extends SocketPlace {
  deviceId: string;
}
export type AccountStatus = "normal" | "banned" | "frozen";

export interface SessionState {
  readonly userId: UserId;
  credentials?: { passwordHash: string; credentialVersion: number; status: AccountStatus };
  readonly logins: Map<string, StoredLogin>;
  readonly revoked: Map<string, Revoked>;
  readonly sockets: BoundedMap<string, Socket>;
  /** S4: connection ids, with the time at which their end was told; oldest first. */
  readonly closed: Map<string, number>;
  readonly devices: BoundedMap<string, Device>;
}

/** Old hashes beyond it are forgotten: such a token is refused, and revokes nothing. */
export const maxOldRefreshHashes = 50;
/** Whatever the kick policy allows: beyond it the oldest login is kicked. */
export const maxLogins = 50;
/** Revoked logins beyond it are forgotten, oldest first: they are refused all the same, as unknown. */
export const maxRevokedKept = 500;
/** Sockets nobody confirmed closed beyond it: the oldest is taken for closed. */
export const maxSockets = 100;
/** Closed sockets are known so long (S4): no call has a deadline as far away. Of more than these the oldest are forgotten. */
const closedKeptMs = 60_000;
export const maxClosedKept = 100;
/** Devices beyond it: the one used longest ago is forgotten; its cursor is answered with `full` then. */
export const maxDevices = 50;

export function createSessionState(userId: UserId): SessionState {
  const sockets = new BoundedMap<string, Socket>(maxSockets);
  const devices = new BoundedMap<string, Device>(maxDevices);
  return { userId, logins: new Map(), revoked: new Map(), sockets, closed: new Map(), devices };
}

/** S1 */
export function revokeLogins(state: SessionState, revoked: readonly Revoked[], nowMs: number): void {
  for (const entry of revoked) {
    state.logins.delete(entry.loginId);
    state.revoked.set(entry.loginId, entry);
  }
  for (const [loginId, { keepUntilMs }] of state.revoked) {
    if (keepUntilMs < nowMs || state.revoked.size > maxRevokedKept) state.revoked.delete(loginId);
  }
}

/** S4 */
export function closeSocket({ sockets, closed }: SessionState, connectionId: string, nowMs: number): void {
  sockets.delete(connectionId);
  closed.delete(connectionId);
  closed.set(connectionId, nowMs);
  for (const [id, atMs] of closed) {
    if (atMs + closedKeptMs < nowMs || closed.size > maxClosedKept) closed.delete(id);
    else break;
  }
}

export function useDevice(state: SessionState, deviceId: string, atMs: number): Device {
  const device = state.devices.get(deviceId) ?? createDevice(deviceId);
  device.usedAtMs = Math.max(device.usedAtMs, atMs);
  // The order of the map is the order of use.
  state.devices.renew(deviceId, device);
  return device;
}
