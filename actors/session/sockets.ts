import type { RecordMeta, Turn } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { maxMarksPerRecord, type SessionCommands, type SocketPlace, type Vector } from "./contract.ts";
import { emptyMarks, findVector, raiseMarks, risingMarks, toVector } from "./device.ts";
import type { ByType, SessionEvent, SocketEvent } from "./events.ts";
import { getUsableCredentials } from "./logins.ts";
import { maxSockets, oldestKey, type SessionState, type Socket, useDevice } from "./state.ts";

type SessionTurn = Turn<SessionState, SessionEvent>;
type Input<N extends keyof SessionCommands> = Parameters<SessionCommands[N]>[0];

export const socketCommands = {
  connect(turn: SessionTurn, input: Input<"connect">): ReturnType<SessionCommands["connect"]> {
    const { state } = turn;
    const { newestCursor = 0, ...socket } = input;
    getUsableCredentials(state);
    const login = state.logins.get(socket.loginId);
    if (!login) {
      const reason = state.revoked.get(socket.loginId)?.reason;
      throw new DomainError("auth.token_invalid", { details: { reason } });
    }
    const { deviceId } = login;
    if (!state.sockets.has(socket.connectionId)) turn.emit({ type: "connected", socket, deviceId });
    const device = state.devices.get(deviceId);
    return {
      closeFirst: listToClose(state, { ...socket, deviceId }),
      isNewDevice: device === undefined && newestCursor === 0,
      vector: heldVector(state, deviceId, newestCursor),
      cursor: device?.newest ?? 0,
    };
  },

  disconnected(turn: SessionTurn, { connectionId, deviceId, progress }: Input<"disconnected">): null {
    const marks = progress && risingMarks(turn.state.devices.get(deviceId)?.acked, firstMarks(progress));
    if (!marks && !turn.state.sockets.has(connectionId)) return null;
    turn.emit({ type: "disconnected", connectionId, deviceId, ...(marks && { progress: marks }) });
    return null;
  },
};

export const socketAppliers: ByType<SocketEvent, [SessionState, RecordMeta], void> = {
  connected({ socket, deviceId }, state, { atMs }) {
    state.sockets.set(socket.connectionId, { ...socket, deviceId });
    if (state.sockets.size > maxSockets) state.sockets.delete(oldestKey(state.sockets));
    const login = state.logins.get(socket.loginId);
    if (login) state.logins.set(socket.loginId, { ...login, lastSeenMs: atMs });
    if (state.devices.has(deviceId)) useDevice(state, deviceId, atMs);
  },
  disconnected({ connectionId, deviceId, progress }, state, { atMs }) {
    state.sockets.delete(connectionId);
    if (progress) raiseMarks(useDevice(state, deviceId, atMs).acked, progress);
  },
};

/** S2: sockets of logins that are gone, and older ones of this device. */
function listToClose(state: SessionState, mine: Socket): SocketPlace[] {
  const toClose: SocketPlace[] = [];
  for (const { deviceId, ...place } of state.sockets.values()) {
    if (place.connectionId === mine.connectionId) continue;
    if (deviceId === mine.deviceId || !state.logins.has(place.loginId)) toClose.push(place);
  }
  return toClose;
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

/** A close is never refused: marks beyond the limit are lost, and cost a few frames sent twice. */
function firstMarks({ userVersion, conversations = {} }: Partial<Vector>): Partial<Vector> {
  const entries = Object.entries(conversations);
  if (entries.length <= maxMarksPerRecord) return { userVersion, conversations };
  return { userVersion, conversations: Object.fromEntries(entries.slice(0, maxMarksPerRecord)) };
}
