// What the edge needs of the world.

import type { Reading } from "../actors/reading/contract.ts";
import type { Directory } from "../actors/reading/ports.ts";
import type { Actors } from "../actors/runtime/actors.ts";
import type { Clock, Random } from "../actors/runtime/ports.ts";
import type { CallType, CallView, NewCall } from "../actors/shared/call.ts";
import type { UserId } from "../actors/shared/ids.ts";
import type { FramedNotification } from "../actors/shared/notification.ts";
import type { GatewayLimits } from "./limits.ts";

export interface GatewayDeps {
  actors: Actors;
  reading: Reading;
  directory: Directory;
  notifications: NotificationSource;
  presence: Presence;
  passwords: PasswordHasher;
  phones: PhoneNumbers;
  codes: VerificationCodes;
  rateLimits: RateLimits;
  revocations: Revocations;
  lease: Lease;
  clock: Clock;
  random: Random;
  log: Log;
  metrics: GatewayMetrics;
  limits: GatewayLimits;
  auth: AuthConfig;
  health: Health;
  identity: Identity;
  /** Proxies in front that append to X-Forwarded-For. Default 0: a client's address is its socket's. */
  trustedProxies?: number;
  /** Absent without Temporal: calls are answered common.unavailable. */
  calls?: Calls;
  /** Absent without LiveKit: calls are answered rtc.unavailable. */
  media?: MediaRooms;
}

/**
 * Calls as durable processes. Every method throws DomainError: rtc.call_not_found, rtc.call_ended, rtc.busy, rtc.rejected,
 * rtc.no_answer, rtc.unavailable (LiveKit), common.unavailable with a sentence when Temporal is not running. Who may do
 * what was asked of the user's and the pair's actors before.
 */
export interface Calls {
  /** Both lines taken and the callee rung; the same callId again answers the same call. `callerName`: what the callee is shown. */
  invite(input: NewCall): Promise<CallView>;
  /** The first device that answers gets the call; the same device again gets the same answer. */
  accept(input: { callId: string; userId: UserId; deviceId: string }): Promise<CallView>;
  reject(input: { callId: string; userId: UserId; deviceId: string; reason: "busy" | "reject" }): Promise<CallView>;
  /** A caller who hangs up while it rings cancels the call. */
  hangup(input: { callId: string; userId: UserId }): Promise<CallView>;
  changeMode(input: { callId: string; userId: UserId; callType: CallType }): Promise<CallView>;
  /** What LiveKit saw. Who comes into the room of a call that is over is put out. */
  participant(event: CallEvent): Promise<void>;
}
export type CallEvent =
  /** `connectionId` tells a device that came back from the connection it lost. */
  | { callId: string; userId: UserId; kind: "joined" | "left"; connectionId?: string }
  | { callId: string; kind: "room_finished" };

/** LiveKit. Throws rtc.unavailable. */
export interface MediaRooms {
  /** Where devices connect with their tokens. */
  readonly url: string;
  issueToken(input: {
    roomName: string;
    userId: UserId;
    name: string;
    deviceId: string;
    callType: CallType;
    ttlMs: number;
  }): Promise<{ token: string; expiresInMs: number }>;
  /** Undefined for an event that is no call's. Throws auth.token_invalid on a bad signature. */
  readWebhook(body: string, authorization: string | undefined): Promise<CallEvent | undefined>;
  closeRoom(roomName: string): Promise<void>;
}

export interface Identity {
  /** This host's name and the random id of this process (J4). */
  host: string;
  boot: string;
  /** Changes after a restore or re-seed: cursors of another store get `full: true`. */
  storeId: string;
  version: string;
}

/**
 * The bell, gateway side. The handler gets a notification once, with those of its target users who are added here
 * (conversation targets: an empty list). At most once: gaps are found by version and healed by pulling.
 */
export interface NotificationSource {
  onNotification(handler: (notification: FramedNotification, users: readonly string[]) => void): void;
  /** Something may have been missed (reconnect, slow consumer): sync everybody here. */
  onGap(handler: () => void): void;
  /** A user connected here, or the boot of this very gateway. */
  addUser(userId: string): void;
  removeUser(userId: string): void;
  /** Resolves when the subscription is in force: what is published after it arrives. */
  addConversation(conversationId: string): Promise<void>;
  removeConversation(conversationId: string): void;
}

/**
 * Which devices of a user are connected, anywhere. Kept for a time-to-live that `touch` renews. A courtesy: the store may
 * forget everything, and may be away: then `findMany` rejects, the others change nothing and answer false, all of it soon.
 */
export interface Presence {
  online(
    userId: string,
    connection: { connectionId: string; platform: string; atMs: number },
  ): Promise<{ firstDevice: boolean }>;
  offline(userId: string, connectionId: string, atMs: number): Promise<{ lastDevice: boolean }>;
  /** Every connection of this gateway, now and then: one that the store forgot is known again. */
  touch(entries: readonly { userId: string; connectionId: string; platform: string }[]): Promise<void>;
  /** Absent users are offline and never seen. Rejects when nothing is known. */
  findMany(
    userIds: readonly string[],
  ): Promise<Map<string, { isOnline: boolean; platforms: string[]; lastSeenMs: number }>>;
}

/** argon2id. `verify` takes the same time for an unknown user when given `undefined`. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/** The numbering plans of the world, and the country whose numbers are typed without a code. */
export interface PhoneNumbers {
  /** E.164 of a number as people type it, with the other spellings of the same number; undefined when it is none. */
  parse(text: string): { e164: string; spellings: readonly string[] } | undefined;
}

/** Codes by SMS or mail. `send` throws common.too_many when asked too often; both common.unavailable without the store. */
export interface VerificationCodes {
  send(input: { target: string; purpose: CodePurpose }): Promise<{ expiresInMs: number }>;
  /** Consumes the code. Throws auth.code_wrong or auth.code_expired. */
  verify(input: { target: string; purpose: CodePurpose; code: string }): Promise<void>;
}
export type CodePurpose = "register" | "login" | "reset";

/** Token buckets by name and key. */
export interface RateLimits {
  /** Takes `cost` of this gateway's bucket; false with the wait when it is empty. */
  take(limit: RateLimit, key: string, cost?: number): Taken;
  /** Whether one could be taken of this gateway's bucket; takes nothing. */
  look(limit: RateLimit, key: string): Taken;
  /** The same of the bucket of all gateways; of this gateway's where the common one cannot be reached. Never rejects. */
  takeShared(limit: RateLimit, key: string, cost?: number): Promise<Taken>;
}
export type Taken = { ok: true } | { ok: false; retryAfterMs: number };
export interface RateLimit {
  readonly name: string;
  readonly burst: number;
  readonly perMinute: number;
  /** Holds across gateways: it protects an account or the people, not this host. Costs a question to a server. */
  readonly isShared?: true;
}

/** Logins that are refused everywhere (G8), fed in one order to every gateway. */
export interface Revocations {
  /** Resolves when the revocation stands; it reaches every gateway within 1 s. */
  revoke(loginIds: readonly string[], reason: string): Promise<void>;
  isRevoked(loginId: string): boolean;
  onRevoked(handler: (loginId: string, reason: string) => void): void;
}

/** Without the host's lease the gateway reads and writes no frame; sockets stay open (J5). */
export interface Lease {
  isHeld(): boolean;
  onChange(handler: (held: boolean) => void): void;
  /** True when the process `boot` is known to serve nobody any more. */
  isClosed(boot: string): boolean;
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  /** Once per unexpected error, with its trace id. Never a secret. */
  error(message: string, fields?: Record<string, unknown>): void;
}

export interface GatewayMetrics {
  connections(delta: 1 | -1): void;
  frameIn(type: string): void;
  /** `count` frames in `bytes` written to sockets. */
  framesOut(count: number, bytes: number): void;
  closed(code: number): void;
  request(route: string, status: number, ms: number): void;
  gap(kind: "pulled" | "resent"): void;
}

export interface AuthConfig {
  /** HS256 secrets by key id; the first signs, all verify. At least 32 bytes each. */
  secrets: readonly { kid: string; secret: Uint8Array }[];
  accessTokenMs: number;
  refreshTokenMs: number;
}

export interface Health {
  /** Each part by name, and what durability holds (G1). A host that drains is not ready: load balancers look elsewhere. */
  ready(): Promise<{
    ready: boolean;
    draining: boolean;
    parts: Record<string, { ok: boolean; detail: string }>;
    durability: string;
  }>;
  /** Prometheus text. */
  metrics(): Promise<{ contentType: string; body: string }>;
}
