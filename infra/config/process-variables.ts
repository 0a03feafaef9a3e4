// Variables of one process: the process itself, identity, code senders, storage.
import { defaultConversationRules, perUserFanoutMaxMax } from "../../actors/conversation/model/rules.ts";
import type { Variable } from "./variable.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;

export const generalVariables = {
  NODE_ENV: {
    text: "production refuses everything that is only for development.",
    unit: "name",
    default: "development",
    oneOf: ["development", "test", "production"],
  },
  DATA_DIR: { text: "The journal, the views and local secrets.", unit: "path", default: "./data" },
  PORT: {
    text: "REST, WebSocket and metrics; 0 takes a free one.",
    unit: "port",
    default: "8080",
    min: 0,
    max: 65_535,
  },
  HOST: {
    text: "Address to listen on. Not set: 127.0.0.1, in production 0.0.0.0.",
    unit: "address",
    default: "",
  },
  TRUSTED_PROXIES: {
    text: "Proxies in front that append to X-Forwarded-For, one behind the other: limits count by the address that the first of them saw. 0: by the socket's. With more than there are clients choose their address.",
    unit: "proxies",
    default: "0",
    min: 0,
    max: 8,
  },
  HOST_NAME: {
    text: "This host's name in logs and leases, its own in the cluster. Not set: the machine's.",
    unit: "name",
    default: "",
  },
  ROLES: {
    text: "What this host does: gateway, actors, workflows.",
    unit: "list",
    default: "gateway,actors,workflows",
  },
  LOG_LEVEL: {
    text: "Lines below it are not written.",
    unit: "name",
    default: "info",
    oneOf: ["debug", "info", "warn", "error"],
  },
  LOG_FORMAT: {
    text: "One JSON object per line, or text for people. Not set: pretty, in production json.",
    unit: "name",
    default: "",
    oneOf: ["json", "pretty"],
  },
  SHUTDOWN_TIMEOUT_MS: {
    text: "From SIGTERM to the end of the process at the latest.",
    unit: "ms",
    default: "10000",
    min: 100,
    max: 10 * minuteMs,
  },
} as const satisfies Record<string, Variable>;

export const identityVariables = {
  JWT_SECRETS: {
    text: "Secrets of access tokens, comma-separated kid:base64 (32 bytes or more); the first signs, all verify. Not set: made once into DATA_DIR/secrets.json; production needs it set.",
    unit: "kid:base64",
    default: "",
    isSecret: true,
  },
  ACCESS_TOKEN_MS: {
    text: "Life of an access token.",
    unit: "ms",
    default: String(2 * hourMs),
    min: 1_000,
    max: dayMs,
  },
  PHONE_REGION: {
    text: "Country (ISO 3166, two letters) whose phone numbers people type without a country code.",
    unit: "country",
    default: "CN",
  },
  REFRESH_TOKEN_MS: {
    text: "Life of a refresh token, from its last use.",
    unit: "ms",
    default: String(7 * dayMs),
    min: 1_000,
    max: 400 * dayMs,
  },
  PASSWORD_HASH_COST: {
    text: "Cost of argon2id; low is for benchmarks, and production refuses it.",
    unit: "name",
    default: "normal",
    oneOf: ["normal", "low"],
  },
  DEV_CODE: {
    text: "Accepts the verification code 123456 for everybody. Not set: on, in production off; production refuses on.",
    unit: "on|off",
    default: "",
    oneOf: ["on", "off"],
  },
  RATE_LIMITS: {
    text: "Limits per user and address; off is for benchmarks, and production refuses it.",
    unit: "on|off",
    default: "on",
    oneOf: ["on", "off"],
  },
  REQUIRE_FRIEND: { text: "Only friends may talk one to one.", unit: "on|off", default: "on", oneOf: ["on", "off"] },
} as const satisfies Record<string, Variable>;

export const senderVariables = {
  SMTP_URL: {
    text: "Mail server for verification codes: smtp://user:password@host:587 or smtps://…. Not set: codes appear on the screen, in production none are sent.",
    unit: "url",
    default: "",
    isSecret: true,
  },
  MAIL_FROM: { text: "Sender of mails.", unit: "address", default: "Parley <no-reply@localhost>" },
  SMS_WEBHOOK_URL: {
    text: "Gets a POST {to, code, purpose, text} for every SMS. Not set: as with SMTP_URL.",
    unit: "url",
    default: "",
    isSecret: true,
  },
  SMS_WEBHOOK_TOKEN: { text: "Bearer token for the SMS webhook.", unit: "text", default: "", isSecret: true },
} as const satisfies Record<string, Variable>;

export const storageVariables = {
  JOURNAL_RETENTION_HOURS: {
    text: "Commits already projected are kept in the journal this long.",
    unit: "h",
    default: "72",
    min: 1,
    max: 24 * 365,
  },
  PER_USER_FANOUT_MAX: {
    text: "Larger groups get one subject for all members in place of one per member.",
    unit: "members",
    default: String(defaultConversationRules.perUserFanoutMax),
    min: 2,
    max: perUserFanoutMaxMax,
  },
  MAX_GROUP_MEMBERS: {
    text: "Members of a group; more are refused (040104). Groups keep what held when they were made.",
    unit: "members",
    default: String(defaultConversationRules.maxGroupMembers),
    min: 2,
    max: 100_000,
  },
} as const satisfies Record<string, Variable>;
