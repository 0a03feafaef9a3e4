// What the edge needs of the world.

import type { UsageReading } from "../actors/account/usage.ts";
import type { Objects } from "../actors/file/objects.ts";
import type { ModelDirectory, Secrets } from "../actors/llm/contract.ts";
import type { Catalog } from "../actors/models/catalog.ts";
import type { Reading } from "../actors/reading/contract.ts";
import type { Directory } from "../actors/reading/ports.ts";
import type { Actors } from "../actors/runtime/actors.ts";
import type { Clock, Random } from "../actors/runtime/ports.ts";
import type { CallType, CallView, NewCall } from "../actors/shared/call.ts";
import type { UserId } from "../actors/shared/ids.ts";
import type { FramedNotification } from "../actors/shared/notification.ts";
import type { FileSettings } from "./file-settings.ts";
import type { GatewayLimits } from "./limits.ts";
import type { OidcProvider } from "./oidc-ports.ts";
import type { V1Deps } from "./v1-ports.ts";

export interface GatewayDeps {
  actors: Actors;
  reading: Reading;
  directory: Directory;
  notifications: NotificationSource;
  /** Another one, for the sockets of the surfaces: both add and remove users by themselves. */
  viewerNotifications: NotificationSource;
  presence: Presence;
  passwords: PasswordHasher;
  phones: PhoneNumbers;
  codes: VerificationCodes;
  /** Absent: logins by OpenID Connect are answered common.unavailable. */
  oidc?: OidcProvider;
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
  surfaces?: SurfaceSettings;
  /** Absent: there is nothing at /v1. */
  llm?: V1Deps;
  /** Seals the keys that users bring. */
  secrets: Secrets;
  accounts: PoolAccounts;
  /** What was asked of models, and what it cost. */
  usage: UsageReading;
  /** Absent in parts of tests that ask no model. */
  models?: {
    catalog: Catalog;
    directory: ModelDirectory;
    /** An upstream answers users of the one-to-one chat who have configured none. */
    hasDefaultUpstream: boolean;
  };
  /** Absent without Temporal: calls are answered common.unavailable. */
  calls?: Calls;
  /** Absent without LiveKit: calls are answered rtc.unavailable. */
  media?: MediaRooms;
  qrPictures: QrPictures;
  /** A nickname belongs to one user. */
  uniqueNicknames?: boolean;
  /** The address under which clients reach this server, without a slash at its end. Absent: the Host of each request. */
  publicUrl?: string;
  /** The bytes of files. Absent: uploads and downloads are answered common.unavailable. */
  objects?: Objects;
  /** Absent: the defaults. */
  files?: FileSettings;
  /** Absent: there are no pages at /admin/. */
  adminApp?: BrowserApp;
  /** The chat for browsers. Absent: `/` shows the page for developers. */
  webApp?: BrowserApp;
}

/** An app for browsers: that of the admin pages (gateway/admin/app/), and the chat (gateway/web/app/). */
export interface BrowserApp {
  /**
   * Two scripts and a style: `boot` runs before the page is drawn, `script` is a module. `parts`, by their names: modules that
   * the script loads from beside it. Called at the first request.
   */
  bundle(): Promise<{ boot: string; script: string; style: string; parts?: Readonly<Record<string, string>> }>;
}

/** Draws QR codes. */
export interface QrPictures {
  draw(content: string, format: "png" | "svg"): Promise<Uint8Array>;
}

export interface SurfaceSettings {
  /** More ports, each of one dialect, on which the same is served. */
  compatPorts: readonly { port: number; dialect: Dialect }[];
  /** Pages of these origins may call this server from a browser; `*`: of every origin. */
  allowedOrigins: readonly string[];
  /** closed: only administrators make users. */
  registration: "open" | "closed";
}
/** The model surfaces, by the products whose clients they serve. */
export const dialects = ["nextchat", "chat", "gpt2api", "image"] as const;
export type Dialect = (typeof dialects)[number];

/**
 * Calls as durable processes. Every method throws DomainError: rtc.call_not_found, rtc.call_ended, rtc.busy, rtc.rejected,
 * rtc.no_answer, rtc.unavailable (LiveKit), common.unavailable with a sentence when Temporal is not running. Permissions are
 * checked before, by the actors of the user and of the pair.
 */
export interface Calls {
  /** Takes both lines and rings the callee; the same callId again answers the same call. The callee is shown `callerName`. */
  invite(input: NewCall): Promise<CallView>;
  /** The first device that answers gets the call; the same device again gets the same answer. */
  accept(input: { callId: string; userId: UserId; deviceId: string }): Promise<CallView>;
  reject(input: { callId: string; userId: UserId; deviceId: string; reason: "busy" | "reject" }): Promise<CallView>;
  /** While the call rings, the caller's hang-up cancels it. */
  hangup(input: { callId: string; userId: UserId }): Promise<CallView>;
  changeMode(input: { callId: string; userId: UserId; callType: CallType }): Promise<CallView>;
  /** A report of LiveKit. A participant who joins the room of a call that is over is removed from it. */
  participant(event: CallEvent): Promise<void>;
}
export type CallEvent =
  /** `connectionId` distinguishes a device that reconnected from the connection it lost. */
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
  /** Undefined for an event of a room that belongs to no call. Throws auth.token_invalid on a bad signature. */
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
 * The notification bus, gateway side. The handler gets a notification once, with those of its target users that were added
 * here (an empty list for conversation targets). Delivery is at most once: gateways find gaps by version and pull.
 */
export interface NotificationSource {
  onNotification(handler: (notification: FramedNotification, users: readonly string[]) => void): void;
  /** Notifications may have been lost (reconnect, slow consumer): every user here has to be synced. */
  onGap(handler: () => void): void;
  /** A user connected here, or the boot of this very gateway. */
  addUser(userId: string): void;
  removeUser(userId: string): void;
  /** Resolves when the subscription is active: notifications published from then on arrive. */
  addConversation(conversationId: string): Promise<void>;
  removeConversation(conversationId: string): void;
}

/**
 * Which devices of a user are connected to any gateway. Entries expire unless `touch` renews them. Best effort: the store may
 * lose everything and may be unavailable. Then `findMany` rejects, and the other methods change nothing and answer false;
 * none of them waits long.
 */
export interface Presence {
  online(
    userId: string,
    connection: { connectionId: string; platform: string; atMs: number },
  ): Promise<{ firstDevice: boolean }>;
  offline(userId: string, connectionId: string, atMs: number): Promise<{ lastDevice: boolean }>;
  /** Called with every connection of this gateway at intervals, so that entries the store lost are restored. */
  touch(entries: readonly { userId: string; connectionId: string; platform: string }[]): Promise<void>;
  /** Users that are absent from the map are offline and were never seen. Rejects when the store is unavailable. */
  findMany(
    userIds: readonly string[],
  ): Promise<Map<string, { isOnline: boolean; platforms: string[]; lastSeenMs: number }>>;
}

/** Accounts of pools. */
interface PoolAccounts {
  /** Throws llm.credential_not_found, common.conflict while another refresh runs, llm.refresh_failed. */
  refreshNow(pool: string, credentialId: string): Promise<void>;
  /** An administrator has changed the pool: requests at this gateway read it anew. Other gateways do so within a second. */
  changed(pool: string): void;
}

/** argon2id. With `undefined`, for an unknown user, `verify` takes as long as with a hash. */
export interface PasswordHasher {
  hash(password: string): Promise<string>;
  verify(password: string, hash: string | undefined): Promise<boolean>;
}

/** The numbering plans of the world, and the country whose numbers are typed without a code. */
export interface PhoneNumbers {
  /** E.164 of a number as people type it, with the other spellings of the same number; undefined when it is none. */
  parse(text: string): { e164: string; spellings: readonly string[] } | undefined;
}

/** Codes by SMS or mail. `send` throws common.too_many at its limits; both throw common.unavailable without the store. */
export interface VerificationCodes {
  send(input: { target: string; purpose: CodePurpose }): Promise<{ expiresInMs: number }>;
  /** Consumes the code. Throws auth.code_wrong or auth.code_expired. */
  verify(input: { target: string; purpose: CodePurpose; code: string }): Promise<void>;
}
/** bind: an existing user gets the address. */
export type CodePurpose = "register" | "login" | "reset" | "bind";

/** Token buckets by name and key. */
export interface RateLimits {
  /** Takes `cost` of this gateway's bucket; false with the wait when it is empty. */
  take(limit: RateLimit, key: string, cost?: number): Taken;
  /** Whether this gateway's bucket has at least one left; takes nothing. */
  look(limit: RateLimit, key: string): Taken;
  /** Takes `cost` of the bucket that all gateways share, or of this gateway's while the shared one is unreachable. Never rejects. */
  takeShared(limit: RateLimit, key: string, cost?: number): Promise<Taken>;
  /** Gives one taken back to the bucket that the limit is counted in, up to its burst. Never throws. */
  giveBack(limit: RateLimit, key: string): void;
}
export type Taken = { ok: true } | { ok: false; retryAfterMs: number };
export interface RateLimit {
  readonly name: string;
  readonly burst: number;
  readonly perMinute: number;
  /** Counted across gateways, because it protects an account or users and not this host. Costs a request to a server. */
  readonly isShared?: true;
}

/** Logins that every gateway refuses (G8). Every gateway reads them in the same order. */
export interface Revocations {
  /** Resolves when the revocation is stored; every gateway has read it within 1 s. */
  revoke(loginIds: readonly string[], reason: string): Promise<void>;
  isRevoked(loginId: string): boolean;
  onRevoked(handler: (loginId: string, reason: string) => void): void;
}

/** Without the host's lease the gateway reads and writes no frame; sockets stay open (J5). */
export interface Lease {
  isHeld(): boolean;
  onChange(handler: (held: boolean) => void): void;
  /** True when the process `boot` is known to serve no user any more. */
  isClosed(boot: string): boolean;
}

export interface Log {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
  /** Called once per unexpected error, with its trace id. Fields never hold a secret. */
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

interface AuthConfig {
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
