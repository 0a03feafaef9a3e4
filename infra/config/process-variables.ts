// Environment variables of one process: the process itself, identity, senders of verification codes, storage.
import { defaultConversationRules, perUserFanoutMaxMax } from "../../actors/conversation/model/rules.ts";
import { defaultKickPreset, kickPresets } from "../../actors/session/kick-presets.ts";
import type { Variable } from "./variable.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const generalVariables = {
  NODE_ENV: {
    text: "The mode. In production the server refuses settings that are only for development.",
    unit: "name",
    default: "development",
    oneOf: ["development", "test", "production"],
  },
  DATA_DIR: { text: "Folder of the journal, the views and local secrets.", unit: "path", default: "./data" },
  PORT: {
    text: "Port for REST, WebSocket and metrics. 0 takes a free port.",
    unit: "port",
    default: "8080",
    min: 0,
    max: 65_535,
  },
  HOST: {
    text: "Address to listen on. Default: 127.0.0.1, in production 0.0.0.0.",
    unit: "address",
    default: "",
  },
  TRUSTED_PROXIES: {
    text: "Number of proxies in front of this server, one behind the other, that append to X-Forwarded-For. Limits per address use the address that the first proxy saw; with 0 they use the socket's address. A value above the real number of proxies lets clients forge their address.",
    unit: "proxies",
    default: "0",
    min: 0,
    max: 8,
  },
  PUBLIC_URL: {
    text: "Address under which clients reach this server, with http or https, for links that they are given. Default: the Host of the request.",
    unit: "url",
    default: "",
  },
  HOST_NAME: {
    text: "Name of this host in logs and leases, unique in the cluster. Default: the name of the machine.",
    unit: "name",
    default: "",
  },
  ROLES: {
    text: "Roles of this host, comma-separated: gateway, actors, workflows.",
    unit: "list",
    default: "gateway,actors,workflows",
  },
  LOG_LEVEL: {
    text: "Log lines below this level are not written.",
    unit: "name",
    default: "info",
    oneOf: ["debug", "info", "warn", "error"],
  },
  LOG_FORMAT: {
    text: "json: one JSON object per line. pretty: text for people. Default: pretty, in production json.",
    unit: "name",
    default: "",
    oneOf: ["json", "pretty"],
  },
  SHUTDOWN_TIMEOUT_MS: {
    text: "After SIGTERM the process ends within this time.",
    unit: "ms",
    default: "10000",
    min: 100,
    max: 10 * minuteMs,
  },
} as const satisfies Record<string, Variable>;

export const identityVariables = {
  JWT_SECRETS: {
    text: "Secrets of access tokens, comma-separated kid:base64 of at least 32 bytes. The first secret signs, all verify. Default: a secret is created in DATA_DIR/secrets.json. Required in production.",
    unit: "kid:base64",
    default: "",
    isSecret: true,
  },
  ENCRYPTION_KEY: {
    text: "Keys that encrypt secrets in records (AES-256-GCM): base64 or id:base64 of 32 bytes, comma-separated. The first key seals, all open. Default: a key is created in DATA_DIR/encryption-keys.json. Required in production, and the same on all hosts of a cluster.",
    unit: "base64",
    default: "",
    isSecret: true,
  },
  ACCESS_TOKEN_MS: {
    text: "Lifetime of an access token.",
    unit: "ms",
    default: String(2 * hourMs),
    min: 1_000,
    max: dayMs,
  },
  KICK_PRESET: {
    text: "How many devices of a user are logged in at once. one_per_class: a phone, a pad, a computer and a browser. one_per_type: one of each type. single: one. mobile_and_desktop: one of iOS, Android, Pad, and one of PC, Web, H5. one_mobile: one of iOS, Android, Pad; others without limit. five_per_class. unlimited. In all of these the oldest login gives way. refuse_new: one, and the next login is refused (010115) until that one logs out. A change applies to each user's next login; during a rolling restart, the host that owns the user decides by its own setting.",
    unit: "name",
    default: defaultKickPreset,
    oneOf: Object.keys(kickPresets),
  },
  PHONE_REGION: {
    text: "Country (ISO 3166, two letters) of phone numbers that are given without a country code.",
    unit: "country",
    default: "CN",
  },
  REFRESH_TOKEN_MS: {
    text: "Lifetime of a refresh token after its last use.",
    unit: "ms",
    default: String(7 * dayMs),
    min: 1_000,
    max: 400 * dayMs,
  },
  PASSWORD_HASH_COST: {
    text: "Cost of a password hash (argon2id). low is for benchmarks; production refuses it.",
    unit: "name",
    default: "normal",
    oneOf: ["normal", "low"],
  },
  DEV_CODE: {
    text: "on: the verification code 123456 is accepted for everybody. Default: on, in production off. Production refuses on.",
    unit: "on|off",
    default: "",
    oneOf: ["on", "off"],
  },
  RATE_LIMITS: {
    text: "Rate limits per user and per address. off is for benchmarks; production refuses it.",
    unit: "on|off",
    default: "on",
    oneOf: ["on", "off"],
  },
  REQUIRE_FRIEND: {
    text: "on: only friends may send each other messages in a conversation of two.",
    unit: "on|off",
    default: "on",
    oneOf: ["on", "off"],
  },
  FRIEND_REQUEST_MS: {
    text: "A friend request that nobody answers for this time expires. A change applies to new requests.",
    unit: "ms",
    default: String(defaultConversationRules.friendRequestMs),
    min: 1_000,
    max: 400 * dayMs,
  },
  QRCODE_MS: {
    text: "Lifetime of the QR code of a user or a group.",
    unit: "ms",
    default: String(defaultConversationRules.qrCodeMs),
    min: 1_000,
    max: 400 * dayMs,
  },
  UNIQUE_NICKNAMES: {
    text: "on: a nickname belongs to one user of /api/v1, whatever its case and width are. A change does not apply to nicknames that users have.",
    unit: "on|off",
    default: "off",
    oneOf: ["on", "off"],
  },
  SENSITIVE_WORDS: {
    text: "Words that no message, group name, announcement and nickname may contain, comma-separated. Case, width and invisible signs make no difference.",
    unit: "list",
    default: "",
  },
} as const satisfies Record<string, Variable>;

export const senderVariables = {
  SMTP_URL: {
    text: "Mail server for verification codes: smtp://user:password@host:587 or smtps://…. Default: codes are printed to the standard output; in production no mail is sent.",
    unit: "url",
    default: "",
    isSecret: true,
  },
  MAIL_FROM: { text: "Sender address of mails.", unit: "address", default: "Parley <no-reply@localhost>" },
  SMS_WEBHOOK_URL: {
    text: "Address that gets a POST {to, code, purpose, text} for every SMS. Default: codes are printed to the standard output; in production no SMS is sent.",
    unit: "url",
    default: "",
    isSecret: true,
  },
  SMS_WEBHOOK_TOKEN: {
    text: "Bearer token that is sent to the SMS webhook.",
    unit: "text",
    default: "",
    isSecret: true,
  },
} as const satisfies Record<string, Variable>;

export const storageVariables = {
  JOURNAL_RETENTION_HOURS: {
    text: "Commits that are already in the views are kept in the journal for this time.",
    unit: "h",
    default: "72",
    min: 1,
    max: 24 * 365,
  },
  PER_USER_FANOUT_MAX: {
    text: "Groups with more members publish a notification once on the group's subject. Smaller groups publish once per member.",
    unit: "members",
    default: String(defaultConversationRules.perUserFanoutMax),
    min: 2,
    max: perUserFanoutMaxMax,
  },
  MAX_GROUP_MEMBERS: {
    text: "Members of a group. More are refused (040104). A change does not apply to existing groups.",
    unit: "members",
    default: String(defaultConversationRules.maxGroupMembers),
    min: 2,
    max: 100_000,
  },
  GROUP_INVITATION_MS: {
    text: "An invitation into a group that its user does not answer expires after this time. A change does not apply to invitations that wait.",
    unit: "ms",
    default: String(defaultConversationRules.groupInvitationMs),
    min: 1_000,
    max: 365 * dayMs,
  },
} as const satisfies Record<string, Variable>;
