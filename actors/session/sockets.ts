import type { RecordMeta, Turn } from "../runtime/contract.ts";
import { DomainError } from "../shared/errors.ts";
import { maxMarksPerRecord, type SessionCommands, type SocketToClose, type Vector } from "./contract.ts";
import { emptyMarks, findVector, raiseMarks, risingMarks, toVector } from "./device.ts";
import type { ByType, SessionEvent, SocketEvent } from "./events.ts";
import { getUsableCredentials } from "./logins.ts";
import { notifySockets } from "./notify.ts";
import { closeSocket, type SessionState, type Socket, useDevice } from "./state.ts";

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
    if (state.closed.has(socket.connectionId)) throw new DomainError("common.unavailable"); // S4
    if (!state.sockets.has(socket.connectionId)) turn.emit({ type: "connected", socket, deviceId });
    const device = state.devices.get(deviceId);
    const closeFirst = listToClose(state, { ...socket, deviceId });
    // Its own gateway closes what it has itself.
    const elsewhere = closeFirst.filter(({ boot }) => boot !== socket.boot);
    if (elsewhere.length > 0) turn.notify(notifySockets(turn, { close: elsewhere }));
    return {
      closeFirst: closeFirst.map(({ deviceId: _, reason: __, ...place }) => place),
      isNewDevice: device === undefined && newestCursor === 0,
      vector: heldVector(state, deviceId, newestCursor),
      cursor: device?.newest ?? 0,
    };
  },

  disconnected(turn: SessionTurn, { connectionId, deviceId, progress }: Input<"disconnected">): null {
    const { state } = turn;
    const marks = progress && risingMarks(state.devices.get(deviceId)?.acked, firstMarks(progress));
    const socket = state.sockets.get(connectionId);
    if (!marks && !socket && state.closed.has(connectionId)) return null;
    if (socket && isWaitedFor(state, socket)) turn.notify(notifySockets(turn, { closed: [connectionId] }));
    turn.emit({ type: "disconnected", connectionId, deviceId, ...(marks && { progress: marks }) });
    return null;
  },
};

export const socketAppliers: ByType<SocketEvent, [SessionState, RecordMeta], void> = {
  connected({ socket, deviceId }, state, { atMs }) {
    state.sockets.set(socket.connectionId, { ...socket, deviceId });
    const login = state.logins.get(socket.loginId);
    if (login) state.logins.set(socket.loginId, { ...login, lastSeenMs: atMs });
    if (state.devices.has(deviceId)) useDevice(state, deviceId, atMs);
  },
  disconnected({ connectionId, deviceId, progress }, state, { atMs }) {
    closeSocket(state, connectionId, atMs);
    if (progress) raiseMarks(useDevice(state, deviceId, atMs).acked, progress);
  },
};

/**
 * S2: sockets of logins that are gone, and older ones of this device: sockets stand in the order in which they came. A
 * newer one is not this one's to close, else two that wait at once would close each other.
 */
function listToClose(state: SessionState, mine: Socket): SocketToClose[] {
  const toClose: SocketToClose[] = [];
  let isOlder = true;
  for (const socket of state.sockets.values()) {
    if (socket.connectionId === mine.connectionId) {
      isOlder = false;
      continue;
    }
    const isReplaced = isOlder && socket.deviceId === mine.deviceId;
    if (!isReplaced && state.logins.has(socket.loginId)) continue;
    const reason = isReplaced ? "replaced" : (state.revoked.get(socket.loginId)?.reason ?? "multi_login");
    toClose.push({ ...socket, reason });
  }
  return toClose;
}

/** A newer socket of the device may wait for its end, or one of the login that took the place of its own. */
function isWaitedFor({ sockets, logins }: SessionState, { connectionId, deviceId, loginId }: Socket): boolean {
  if (!logins.has(loginId)) return true;
  for (const other of sockets.values()) {
    if (other.deviceId === deviceId && other.connectionId !== connectionId) return true;
  }
  return false;
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
