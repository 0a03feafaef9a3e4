// Where a user has logged in: the open logins and the last ones that have ended.
import type { Query } from "../runtime/contract.ts";
import type { KnownLogin, SessionQueries } from "./contract.ts";
import { networkOf } from "./network.ts";
import { knownLogin, type SessionState } from "./state.ts";

export const historyQuery = {
  history(
    { state, nowMs }: Query<SessionState>,
    { beforeId, limit }: Parameters<SessionQueries["history"]>[0],
  ): { logins: KnownLogin[]; hasMore: boolean } {
    const open = Array.from(state.logins.values(), (login) => knownLogin(login, nowMs));
    const known = [...open, ...state.past.values()];
    const older = beforeId === undefined ? known : known.filter(({ loginId }) => byAge(loginId, beforeId) < 0);
    older.sort((a, b) => byAge(b.loginId, a.loginId));
    return { logins: older.slice(0, limit), hasMore: older.length > limit };
  },
};

/**
 * True when the user logged in neither on this device nor from this network before. A first login is as usual as any, and an
 * unknown address says nothing.
 */
export function isUnusual(
  { logins, past, devices }: SessionState,
  { deviceId, ip }: { deviceId: string; ip: string },
): boolean {
  const known = [...logins.values(), ...past.values()];
  if (known.length === 0 || ip === "" || devices.has(deviceId)) return false;
  const network = networkOf(ip);
  return !known.some((login) => login.deviceId === deviceId || networkOf(login.ip) === network);
}

/** Ids of logins are stamps: the greater one is younger. */
function byAge(a: string, b: string): number {
  return Number(a) - Number(b);
}
