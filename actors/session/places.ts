// Which gateway processes may serve a user's sockets, and which of them must close theirs first (G8).
// A place is reused only while it is the newest one of its device: a request to close it may be under way from the moment
// a newer place exists, and would end the sockets of the device that came back.
import type { RecordMeta, Turn } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import type { SessionCommands, StalePlace, Vector } from "./contract.ts";
import { emptyMarks, findVector, raiseMarks, toVector } from "./device.ts";
import type { ByType, PlaceEvent, SessionEvent } from "./events.ts";
import { getUsableCredentials } from "./logins.ts";
import { askToClose, notifyLeft } from "./notify.ts";
import { type DevicePlace, type SessionState, type StoredLogin, useDevice } from "./state.ts";

type SessionTurn = Turn<SessionState, SessionEvent>;
type Input<N extends keyof SessionCommands> = Parameters<SessionCommands[N]>[0];

interface PlaceOptions {
  /** True when the process `boot` is known to serve nobody any more. */
  isClosed(boot: string): boolean;
}

/** A login's and a device's last use is known to within it: coming back to the same place is no record of its own. */
export const seenEveryMs = 3_600_000;

export function createPlaceCommands({ isClosed }: PlaceOptions) {
  return {
    connect(turn: SessionTurn, input: Input<"connect">): ReturnType<SessionCommands["connect"]> {
      const { state } = turn;
      const { newestCursor = 0 } = input;
      getUsableCredentials(state);
      const login = state.logins.get(input.loginId);
      if (!login) {
        const reason = state.revoked.get(input.loginId)?.reason;
        throw new DomainError("auth.token_invalid", { details: { reason } });
      }
      const { deviceId } = login;
      const place = input.placeId === undefined ? takePlace(turn, login, input) : state.places.get(input.placeId);
      if (place === undefined) throw new DomainError("common.unavailable");
      const closeFirst = listStale(state, place).filter(({ boot }) => !isClosed(boot));
      const elsewhere = closeFirst.filter(({ boot }) => boot !== place.boot);
      if (elsewhere.length > 0) turn.notify(askToClose(turn, elsewhere));
      const device = state.devices.get(deviceId);
      return {
        ...{ placeId: place.placeId, closeFirst },
        isNewDevice: device === undefined && newestCursor === 0,
        vector: heldVector(state, deviceId, newestCursor),
        cursor: device?.newest ?? 0,
      };
    },

    leave(turn: SessionTurn, { placeId }: Input<"leave">): null {
      if (!turn.state.places.has(placeId)) return null;
      turn.emit({ type: "left", placeId });
      if (turn.state.places.size > 1) turn.notify(notifyLeft(turn, placeId));
      return null;
    },
  };

  function takePlace(turn: SessionTurn, login: StoredLogin, input: Input<"connect">): DevicePlace {
    const { loginId, deviceId, lastSeenMs } = login;
    const { connectionId, gateway, boot } = input;
    const places = [...turn.state.places.values()];
    const own = places.find((place) => place.connectionId === connectionId); // the first answer was lost
    if (own) return own;
    const newest = places.findLast((place) => place.deviceId === deviceId);
    if (newest?.boot === boot && newest.loginId === loginId) {
      if (lastSeenMs + seenEveryMs <= turn.nowMs) turn.emit({ type: "seen", loginId, deviceId });
      return newest;
    }
    const place = { placeId: turn.stamp(), loginId, connectionId, gateway, boot };
    const over = places.filter((each) => isClosed(each.boot)).map(({ placeId }) => placeId);
    turn.emit({ type: "placed", place, deviceId, ...(over.length > 0 && { over }) });
    return { ...place, deviceId };
  }
}

export const placeAppliers: ByType<PlaceEvent, [SessionState, RecordMeta], void> = {
  placed({ place, deviceId, over = [] }, state, { atMs }) {
    for (const placeId of over) state.places.delete(placeId);
    state.places.set(place.placeId, { ...place, deviceId });
    see(state, place.loginId, deviceId, atMs);
  },
  seen({ loginId, deviceId }, state, { atMs }) {
    see(state, loginId, deviceId, atMs);
  },
  left({ placeId }, state) {
    state.places.delete(placeId);
  },
  connected() {},
  disconnected({ deviceId, progress }, state, { atMs }) {
    if (progress) raiseMarks(useDevice(state, deviceId, atMs).acked, progress);
  },
};

function see(state: SessionState, loginId: string, deviceId: string, atMs: number): void {
  const login = state.logins.get(loginId);
  if (login) state.logins.set(loginId, { ...login, lastSeenMs: atMs });
  if (state.devices.has(deviceId)) useDevice(state, deviceId, atMs);
}

/**
 * Places of logins that have ended, and older ones of this device. A newer one is not this one's to close, else two sockets
 * that wait for each other would both be closed.
 */
function listStale({ places, logins, revoked }: SessionState, mine: DevicePlace): StalePlace[] {
  const stale: StalePlace[] = [];
  for (const place of places.values()) {
    if (place.placeId === mine.placeId) continue;
    const isReplaced = place.placeId < mine.placeId && place.deviceId === mine.deviceId;
    if (!isReplaced && logins.has(place.loginId)) continue;
    const reason = isReplaced ? "replaced" : (revoked.get(place.loginId)?.reason ?? "multi_login");
    stale.push({ ...place, reason });
  }
  return stale;
}

function heldVector({ devices }: SessionState, deviceId: string, newestCursor: number): Vector {
  const device = devices.get(deviceId);
  if (!device) return toVector(emptyMarks());
  const known = findVector(device, newestCursor);
  if (!known) return toVector(device.acked);
  known.userVersion = Math.max(known.userVersion, device.acked.userVersion);
  for (const [id, version] of device.acked.conversations) {
    if (version > (known.conversations[id] ?? 0)) known.conversations[id] = version;
  }
  return known;
}
