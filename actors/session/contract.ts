// A user's session: credentials, logins, sockets, kick policy, and how far each device has got (vectors, cursors).
import { contract } from "../runtime/contract.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";

/** API: a program or a page that names no device; each of its logins counts as a device of its own. */
const deviceTypes = ["iOS", "Android", "Web", "PC", "H5", "Pad", "API"] as const;
export type DeviceType = (typeof deviceTypes)[number];
/** Compared without case; undefined = unknown. */
export function parseDeviceType(text: string): DeviceType | undefined {
  return deviceTypes.find((type) => type.toLowerCase() === text.toLowerCase());
}

export interface Login {
  loginId: string;
  deviceId: string;
  deviceType: DeviceType;
  /** As the client named them; "" in logins of older releases, and where the client named none. */
  deviceName: string;
  clientVersion: string;
  createdAtMs: number;
  lastSeenMs: number;
  ip: string;
  userAgent: string;
}
/** A login of the history. */
export interface KnownLogin extends Login {
  /** 0: open. */
  endedAtMs: number;
  /** "" while it is open. */
  endReason: "" | EndReason;
}
export type EndReason =
  | "multi_login"
  | "replaced"
  | "logout"
  | "admin_kick"
  | "password_changed"
  | "token_reused"
  /** Nobody exchanged its refresh token in time. */
  | "expired";
/**
 * The process of a gateway that may serve sockets of a login. The place stays when the sockets close, so a device that comes
 * back to the same process changes nothing. A newer place of the device, or the end of the login, makes it stale.
 */
export interface Place {
  /** Rises with every new place of the user. */
  placeId: number;
  loginId: string;
  /** Of the socket that made it. */
  connectionId: string;
  gateway: string;
  boot: string;
}
/** `data` of the notification auth.sockets. No device receives it. It may be lost: the waiting gateway asks again. */
export interface PlacesPublished {
  userId: UserId;
  /** To the gateway processes named: they close the sockets of the places, and confirm each with `leave`; also when it has none. */
  close?: StalePlace[];
  /** To the gateways of the user: a handshake that waits for these places may ask again at once. */
  left?: number[];
}
export interface StalePlace extends Place {
  deviceId: string;
  /** `replaced` by a newer place of the same device, else the reason why the login ended. */
  reason: string;
}
/** Progress of a device: conversation → version it holds, and the user version. */
export interface Vector {
  userVersion: number;
  conversations: Record<ConversationId, number>;
}

export interface SessionCommands {
  /** From `handle`, once. */
  create(input: { passwordHash: string; atMs: number }): null;
  /**
   * Opens a login after the gateway verified the password against `credentialVersion` (or a code: undefined). The kick
   * policy may revoke others: they are refused everywhere from here on. The same device replaces its own login silently.
   */
  login(input: {
    credentialVersion?: number;
    deviceId: string;
    deviceType: DeviceType;
    deviceName?: string;
    clientVersion?: string;
    refreshHash: string;
    ip: string;
    userAgent: string;
  }): { loginId: string; revoked: { loginId: string; reason: "multi_login" | "replaced" }[] };
  /**
   * Rotates the refresh token. Throws auth.refresh_invalid / auth.refresh_expired. An old token revokes its whole login;
   * but the same exchange again, of the token before for the present one, is answered like the first within `refreshRepeatMs`.
   * A turn that throws changes nothing, so this case is answered as `reused: true`: the gateway publishes the revocation and
   * answers auth.refresh_invalid.
   */
  refresh(input: { loginId: string; oldHash: string; newHash: string }): {
    deviceId: string;
    deviceType: DeviceType;
    reused?: true;
  };
  /** Ends one login, else those of one device, else all. Answers only the logins that this call revoked. */
  logout(input: { loginId?: string; deviceId?: string; reason?: "logout" | "admin_kick" }): { revoked: string[] };
  /** Revokes every login but `keepLoginId`. */
  changePassword(input: { credentialVersion: number; passwordHash: string; keepLoginId?: string }): {
    revoked: string[];
  };
  resetPassword(input: { passwordHash: string }): { revoked: string[] };
  /**
   * A socket asks to be served at the gateway process `boot`. Nothing is journaled when the newest place of its device is this
   * process already. Throws auth.token_invalid for a login that has ended.
   * CONNECT_ACK waits until every place of `closeFirst` is over: its gateway has called `leave`, or its boot is closed. The
   * gateways of other boots are asked to close their sockets (auth.sockets) at every call, so asking again repeats a lost
   * notification. Several sockets of one place are for its gateway to order.
   * `placeId`: of the first answer, when the socket asks again. It keeps its rank by it: of two sockets that wait for each
   * other, the one that asked first gives way. common.unavailable when that place is gone.
   */
  connect(input: Omit<Place, "placeId"> & { placeId?: number; newestCursor?: number }): {
    /** Of this socket: a request to close a place covers the older places of the login, and no newer one. */
    placeId: number;
    closeFirst: StalePlace[];
    /**
     * True when this device was never seen: it starts at the present. Stays true until `issueCursor` or `progress` has
     * journaled where it starts. A gateway does that before CONNECT_ACK; else a crash would move the start.
     */
    isNewDevice: boolean;
    /** What the device acknowledged, and what `newestCursor` stands for when it is one of the two newest. */
    vector: Vector;
    /** Newest cursor issued to the device; 0 = none. */
    cursor: number;
  };
  /**
   * From a gateway that serves no socket of the place any more, and will serve none. A late or repeated call ends no other
   * place: a device that came back has a new one. Gateways that may wait for it are notified (auth.sockets).
   */
  leave(input: { placeId: number }): null;
  /**
   * Where a new device begins, and lazy progress (at close and every 120 s). Journaled when a mark rises, or the device was
   * never seen. At most `maxMarksPerRecord`, else common.too_large.
   */
  progress(input: { deviceId: string; vector: Partial<Vector> }): null;
  /**
   * Journals the marks that a sync answer adds to the device's vector, and answers the cursor of the result: the stamp of
   * this record. The two newest cursors of a device are kept. `base`: the cursor that the answer goes on from, 0 for an empty
   * vector. A base that is not kept any more is refused with sync.failed, and the next sync is answered `full`. When the
   * answer changes nothing of the newest cursor's vector, that cursor is answered again. `add` and `drop` hold at most
   * `maxMarksPerRecord` (more: common.too_large, to keep a record below 64 KiB), so a larger answer issues several cursors, each on top
   * of the one before. `isStart`: the marks count as acknowledged, too.
   */
  issueCursor(input: {
    deviceId: string;
    base: number;
    add: Partial<Vector>;
    drop?: ConversationId[];
    isStart?: true;
  }): { cursor: number };
  /** The device has the complete answer to a long sync, up to `cursor`: the user's devices are notified (sync.completed). */
  synced(input: { deviceId: string; cursor: number }): null;
}

export interface SessionQueries {
  /** For the gateway to verify a password. Throws auth.user_not_found. */
  credentials(input: Record<string, never>): {
    passwordHash: string;
    credentialVersion: number;
    status: "normal" | "banned" | "frozen";
  };
  isActive(input: { loginId: string }): { active: boolean };
  logins(input: Record<string, never>): { logins: Login[] };
  /** Open logins and the last `maxPastLogins` that have ended, newest first, after the login `beforeId`. */
  history(input: { beforeId?: string; limit: number }): { logins: KnownLogin[]; hasMore: boolean };
  /** The vector a cursor stands for; undefined when it is not one of the two newest of the device. */
  vector(input: { deviceId: string; cursor: number }): { vector?: Vector };
  /** The device's own progress, without a cursor. */
  device(input: { deviceId: string }): { vector?: Vector; cursor: number };
}

/** Marks of one record of a device's progress: about 45 KB of conversation ids. */
export const maxMarksPerRecord = 1_000;

export const Session = contract<SessionCommands, SessionQueries>("session");

export type { UserId };
