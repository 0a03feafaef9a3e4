// Limits on how often a user, an account or an address may ask. Beyond a limit: common.too_many, HTTP 429 with Retry-After.
import { DomainError } from "../../actors/shared/errors.ts";
import type { RateLimit, RateLimits, Taken } from "../ports.ts";

/** Counted per user, or by the last word of the name: ip, account, contact, target, token. Shared limits hold across gateways. */
export const limits = {
  /** Every request of one user, beside the route's own limit. */
  user: { name: "rest.user", burst: 300, perMinute: 1_200 },
  /** Every request without a token, by ip. */
  ip: { name: "rest.ip", burst: 120, perMinute: 240 },
  /** Sockets opened by one address: a whole office may reconnect at once, and no address takes every place of a host. */
  connect: { name: "ws.connect.ip", burst: 10_000, perMinute: 30_000 },
  register: { name: "auth.register.ip", burst: 20, perMinute: 20, isShared: true },
  /** One contact from one network. Above the five tries of a code, so that the sixth learns that the code is spent. */
  registerContact: { name: "auth.register.contact", burst: 10, perMinute: 10, isShared: true },
  code: { name: "auth.code.ip", burst: 10, perMinute: 10, isShared: true },
  codeTarget: { name: "auth.code.target", burst: 3, perMinute: 3, isShared: true },
  oidc: { name: "auth.oidc.ip", burst: 30, perMinute: 60, isShared: true },
  login: { name: "auth.login.ip", burst: 30, perMinute: 60, isShared: true },
  /** Tries to log in to one account, from all networks. */
  loginAccount: { name: "auth.login.account", burst: 10, perMinute: 10, isShared: true },
  /** Tries to log in to one account from one network. */
  loginFromNetwork: { name: "auth.login.network", burst: 10, perMinute: 10, isShared: true },
  /** Wrong passwords of one administrator from one network: after ten of them, one more a minute. */
  adminLogin: { name: "admin.login.network", burst: 10, perMinute: 1, isShared: true },
  /** Wrong access codes from one network: after ten of them, one more a minute. */
  accessCode: { name: "auth.code.network", burst: 10, perMinute: 1, isShared: true },
  /** Keys of one network that a gateway does not know and asks the keyring for. */
  keyGuess: { name: "auth.key.network", burst: 300, perMinute: 300 },
  refresh: { name: "auth.refresh.ip", burst: 60, perMinute: 120 },
  /** Failures with one refresh token. Far below the limit of an address, so that many devices with dead tokens do not reach it. */
  refreshToken: { name: "auth.refresh.token", burst: 2, perMinute: 2 },
  /** Each may guess the password. */
  changeName: { name: "auth.name", burst: 10, perMinute: 10, isShared: true },
  changePassword: { name: "auth.password", burst: 5, perMinute: 5, isShared: true },
  resetPassword: { name: "auth.reset.ip", burst: 20, perMinute: 20, isShared: true },
  /** One account from one network. */
  resetAccount: { name: "auth.reset.account", burst: 5, perMinute: 5, isShared: true },
  searchUsers: { name: "users.search", burst: 30, perMinute: 60, isShared: true },
  /** Each may draw a picture. */
  qrCode: { name: "users.qrcode", burst: 20, perMinute: 60 },
  searchMembers: { name: "groups.members.search", burst: 10, perMinute: 30 },
  friendRequest: { name: "friends.request", burst: 20, perMinute: 30, isShared: true },
  contacts: { name: "friends.contacts", burst: 5, perMinute: 5, isShared: true },
  /** Each asks some two hundred actors. */
  recommendations: { name: "friends.recommendations", burst: 10, perMinute: 20, isShared: true },
  createGroup: { name: "groups.create", burst: 20, perMinute: 30, isShared: true },
  send: { name: "messages.send", burst: 200, perMinute: 1_200 },
  /** Messages that mention everybody of a group. */
  mentionAll: { name: "messages.mention-all", burst: 20, perMinute: 10 },
  /** Messages forwarded to conversations: one call to all targets of all messages fits. */
  forward: { name: "messages.forward", burst: 2_000, perMinute: 2_400 },
  react: { name: "messages.react", burst: 120, perMinute: 600 },
  assistants: { name: "assistants", burst: 30, perMinute: 60 },
  createChat: { name: "sessions.create", burst: 60, perMinute: 120 },
  regenerate: { name: "replies.regenerate", burst: 30, perMinute: 60 },
  /** Each is decoded and written anew. */
  upload: { name: "files.upload", burst: 60, perMinute: 120 },
  /** Parts of uploads: of 8 MiB and more each. */
  uploadPart: { name: "files.part", burst: 300, perMinute: 1_200 },
  /** Each reads the whole file on the server. */
  proveFile: { name: "files.prove", burst: 5, perMinute: 10 },
  /** Bytes of files, counted per address where an address is signed. */
  download: { name: "files.download", burst: 1_000, perMinute: 6_000 },
  searchMessages: { name: "messages.search", burst: 20, perMinute: 60 },
  sync: { name: "sync", burst: 60, perMinute: 240 },
  /** Each may add up many requests to models. */
  usage: { name: "models.usage", burst: 20, perMinute: 30 },
  /** Each rings a user. */
  invite: { name: "calls.invite", burst: 10, perMinute: 20, isShared: true },
  /** Each is published to both users, and asks LiveKit about the room. */
  callMode: { name: "calls.mode", burst: 10, perMinute: 20 },
  /** All reports of LiveKit come from few addresses, about ten reports a call. */
  livekitWebhook: { name: "livekit.webhook.ip", burst: 5_000, perMinute: 60_000 },
} as const satisfies Record<string, RateLimit>;

/** Throws common.too_many when this gateway's bucket is empty; takes nothing. */
export function refuseIfEmpty(rateLimits: RateLimits, limit: RateLimit, key: string): void {
  refuseUnless(rateLimits.look(limit, key));
}

/** Takes one of this gateway's bucket, or throws common.too_many with the wait. */
export function takeOrRefuse(rateLimits: RateLimits, limit: RateLimit, key: string): void {
  refuseUnless(rateLimits.take(limit, key));
}

/** Throws common.too_many for a user who mentions everybody too often. */
export function takeMentionAll(rateLimits: RateLimits, userId: string, mentions: readonly string[] | undefined): void {
  if (mentions?.includes("all")) takeOrRefuse(rateLimits, limits.mentionAll, userId);
}

/** The same, of the shared bucket for a shared limit. */
export async function takeWhereItHolds(rateLimits: RateLimits, limit: RateLimit, key: string): Promise<void> {
  refuseUnless(limit.isShared ? await rateLimits.takeShared(limit, key) : rateLimits.take(limit, key));
}

function refuseUnless(taken: Taken): void {
  if (!taken.ok) throw new DomainError("common.too_many", { details: { retryAfterMs: taken.retryAfterMs } });
}
