// A user's session: credentials, logins, sockets, kick policy, and how far each device has got (vectors, cursors).
import { contract } from "../runtime/contract.ts";
import type { ConversationId, UserId } from "../shared/ids.ts";

export const deviceTypes = ["iOS", "Android", "Web", "PC", "H5", "Pad"] as const;
export type DeviceType = (typeof deviceTypes)[number];
/** Compared without case; undefined = unknown. */
export function parseDeviceType(text: string): DeviceType | undefined {
  return deviceTypes.find((type) => type.toLowerCase() === text.toLowerCase());
}

export interface Login {
  loginId: string;
  deviceId: string;
  deviceType: DeviceType;
  createdAtMs: number;
  lastSeenMs: number;
  ip: string;
  userAgent: string;
}
/** Where a socket of a login is served. */
export interface SocketPlace {
  loginId: string;
  connectionId: string;
  gateway: string;
  boot: string;
}
/** `data` of the notification auth.sockets: between gateways only, no device gets it. Bells may be lost: both are hints. */
export interface SocketsTold {
  /** To be closed now, and confirmed by `disconnected`; also when the gateway of this boot does not know it any more. */
  close?: SocketToClose[];
  /** Confirmed as closed: whoever waits for it need not ask again. */
  closed?: string[];
}
export interface SocketToClose extends SocketPlace {
  deviceId: string;
  /** Why: `replaced` by a newer socket of the same device, else what ended its login. */
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
   * Opens a login after the edge verified the password against `credentialVersion` (or a code: undefined). The kick
   * policy may revoke others: they are refused everywhere from here on. The same device replaces its own login silently.
   */
  login(input: {
    credentialVersion?: number;
    deviceId: string;
    deviceType: DeviceType;
    refreshHash: string;
    ip: string;
    userAgent: string;
  }): { loginId: string; revoked: { loginId: string; reason: "multi_login" | "replaced" }[] };
  /**
   * Rotates the refresh token. Throws auth.refresh_invalid / auth.refresh_expired. An old token revokes its whole login;
   * a turn that throws changes nothing, so that is answered as `reused: true`: the edge tells the revocation to every
   * gateway and answers auth.refresh_invalid.
   */
  refresh(input: { loginId: string; oldHash: string; newHash: string }): {
    deviceId: string;
    deviceType: DeviceType;
    reused?: true;
  };
  /** Of one login, else of one device, else of all. What is revoked already is not answered again. */
  logout(input: { loginId?: string; deviceId?: string; reason?: "logout" | "admin_kick" }): { revoked: string[] };
  /** Revokes every login but `keepLoginId`. */
  changePassword(input: { credentialVersion: number; passwordHash: string; keepLoginId?: string }): {
    revoked: string[];
  };
  resetPassword(input: { passwordHash: string }): { revoked: string[] };
  /**
   * A socket wants to be served. Throws auth.token_invalid for a revoked login, and common.unavailable for a socket that is
   * closed already. Answers the sockets of revoked logins
   * and the older ones of this device not yet closed: CONNECT_ACK waits until each is confirmed by `disconnected` or its
   * boot is closed (then whoever noticed confirms it by `disconnected`, or it is answered again at every connect). The
   * gateways of other boots are told to close them (auth.sockets), at every call: asking again is ringing again.
   */
  connect(input: { loginId: string; connectionId: string; gateway: string; boot: string; newestCursor?: number }): {
    closeFirst: SocketPlace[];
    /**
     * True when this device was never seen: it starts at the present. Stays true until `issueCursor` or `progress` has
     * journaled where it starts, so that must stand before CONNECT_ACK; else a crash would move the start.
     */
    isNewDevice: boolean;
    /** What the device acknowledged, and what `newestCursor` stands for when it is one of the two newest. */
    vector: Vector;
    /** Newest cursor issued to the device; 0 = none. */
    cursor: number;
  };
  /** The socket is closed; who may wait for that is told (auth.sockets). Of `progress` the first `maxMarksPerRecord` marks count. */
  disconnected(input: { connectionId: string; progress?: Partial<Vector>; deviceId: string }): null;
  /** Lazy progress (at close and every 120 s): marks only rise. At most `maxMarksPerRecord`, else common.too_large. */
  progress(input: { deviceId: string; vector: Partial<Vector> }): null;
  /**
   * Journals what an answer adds to the device's vector, and answers the cursor that stands for the result: the stamp of
   * this very record. The two newest per device are kept. `base` 0: on top of nothing. A base that is not one of the two
   * any more: sync.failed, and the next try is answered `full`. When nothing is added to the newest one, it is answered
   * again. `add` and `drop` hold at most `maxMarksPerRecord` (a record has 64 KiB; more: common.too_large), so a larger
   * answer issues several, each on top of the one before. `isStart`: what is added counts as acknowledged, too.
   */
  issueCursor(input: {
    deviceId: string;
    base: number;
    add: Partial<Vector>;
    drop?: ConversationId[];
    isStart?: true;
  }): { cursor: number };
}

export interface SessionQueries {
  /** For the edge to verify a password. Throws auth.user_not_found. */
  credentials(input: Record<string, never>): {
    passwordHash: string;
    credentialVersion: number;
    status: "normal" | "banned" | "frozen";
  };
  isActive(input: { loginId: string }): { active: boolean };
  logins(input: Record<string, never>): { logins: Login[] };
  /** The vector a cursor stands for; undefined when it is not one of the two newest of the device. */
  vector(input: { deviceId: string; cursor: number }): { vector?: Vector };
  /** The device's own progress, without a cursor. */
  device(input: { deviceId: string }): { vector?: Vector; cursor: number };
}

/** Marks of one record of a device's progress: about 45 KB of conversation ids. */
export const maxMarksPerRecord = 1_000;

export const Session = contract<SessionCommands, SessionQueries>("session");

/** Kick policy is data: device classes × how many logins of a class × what happens to the next one (G8). */
export interface KickPolicy {
  /** Which device types share a class; a type in no class has its own. */
  classes: { name: string; types: DeviceType[]; maxLogins: number; onFull: "kick_oldest" | "refuse_new" }[];
}
export const defaultKickPolicy: KickPolicy = {
  classes: [
    { name: "phone", types: ["iOS", "Android"], maxLogins: 1, onFull: "kick_oldest" },
    { name: "pad", types: ["Pad"], maxLogins: 1, onFull: "kick_oldest" },
    { name: "desktop", types: ["PC"], maxLogins: 1, onFull: "kick_oldest" },
    { name: "web", types: ["Web", "H5"], maxLogins: 1, onFull: "kick_oldest" },
  ],
};
export type { UserId };
