// Reads the whole configuration from the environment. All problems are reported together, in one ConfigError.
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import type { KickPreset } from "../../actors/session/kick-presets.ts";
import { parseEncryptionKey } from "../crypto/encryption-keys.ts";
import type { PasswordCost } from "../crypto/password.ts";
import { parseTokenSecret } from "../crypto/token-secrets.ts";
import type { LogFormat, LogLevel } from "../observe/log.ts";
import { isPhoneRegion, type PhoneRegion } from "../phone/phone-numbers.ts";
import { type Config, ConfigError, devCode, type Role, roles } from "./config.ts";
import type { Env } from "./env.ts";
import { readFiles } from "./files.ts";
import { readLedger } from "./ledger.ts";
import { readModels } from "./models.ts";
import { readOidc } from "./oidc.ts";
import { readPool } from "./pool.ts";
import { type ConfigReader, createReader } from "./reader.ts";
import { findContradictions, findProductionProblems } from "./refusals.ts";
import { readRelay } from "./relay.ts";
import { readCluster, readLiveKit, readS3, readTemporal } from "./servers.ts";
import { readSurfaces } from "./surfaces.ts";

export function readConfig(env: Env): Config {
  const read = createReader(env);
  const mode = read.name("NODE_ENV") as Config["mode"];
  const production = mode === "production";
  const config: Config = {
    mode,
    production,
    dataDir: resolve(read.text("DATA_DIR")),
    port: read.number("PORT"),
    host: read.text("HOST") || (production ? "0.0.0.0" : "127.0.0.1"),
    trustedProxies: read.number("TRUSTED_PROXIES"),
    publicUrl: read.baseUrl("PUBLIC_URL"),
    hostName: read.text("HOST_NAME") || hostname(),
    roles: readRoles(read),
    cluster: readCluster(read),
    temporal: readTemporal(read),
    liveKit: readLiveKit(read),
    callRingMs: read.number("CALL_RING_MS"),
    models: readModels(read),
    objects: {
      dir: resolve(read.text("OBJECTS_DIR") || join(read.text("DATA_DIR"), "objects")),
      s3: readS3(read),
    },
    files: readFiles(read, env),
    log: {
      level: read.name("LOG_LEVEL") as LogLevel,
      format: (read.name("LOG_FORMAT") || (production ? "json" : "pretty")) as LogFormat,
    },
    shutdownTimeoutMs: read.number("SHUTDOWN_TIMEOUT_MS"),
    auth: {
      secrets: read.parsed("JWT_SECRETS", parseTokenSecret),
      accessTokenMs: read.number("ACCESS_TOKEN_MS"),
      refreshTokenMs: read.number("REFRESH_TOKEN_MS"),
      requireFriend: read.name("REQUIRE_FRIEND") === "on",
      kickPreset: read.name("KICK_PRESET") as KickPreset,
    },
    encryptionKeys: read.parsed("ENCRYPTION_KEY", parseEncryptionKey),
    surfaces: readSurfaces(read),
    ledger: readLedger(read),
    passwordCost: read.name("PASSWORD_HASH_COST") as PasswordCost,
    phoneRegion: readPhoneRegion(read),
    devCode: (read.name("DEV_CODE") || (production ? "off" : "on")) === "on" ? devCode : undefined,
    oidc: readOidc(read),
    rateLimits: read.name("RATE_LIMITS") === "on",
    codes: {
      smtpUrl: read.url("SMTP_URL", ["smtp:", "smtps:"]),
      mailFrom: read.text("MAIL_FROM"),
      smsWebhookUrl: read.url("SMS_WEBHOOK_URL", ["http:", "https:"]),
      smsWebhookToken: read.text("SMS_WEBHOOK_TOKEN") || undefined,
    },
    journalRetentionMs: read.number("JOURNAL_RETENTION_HOURS") * 3_600_000,
    people: {
      friendRequestMs: read.number("FRIEND_REQUEST_MS"),
      qrCodeMs: read.number("QRCODE_MS"),
      uniqueNicknames: read.name("UNIQUE_NICKNAMES") === "on",
      sensitiveWords: read.list("SENSITIVE_WORDS"),
    },
    perUserFanoutMax: read.number("PER_USER_FANOUT_MAX"),
    maxGroupMembers: read.number("MAX_GROUP_MEMBERS"),
    groupInvitationMs: read.number("GROUP_INVITATION_MS"),
    pool: readPool(read),
    relay: readRelay(read),
    limits: read.limits(),
  };
  const problems = [
    ...read.problems,
    ...findContradictions(config),
    ...(production ? findProductionProblems(config, env) : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readPhoneRegion(read: ConfigReader): PhoneRegion {
  const region = read.text("PHONE_REGION").toUpperCase();
  if (isPhoneRegion(region)) return region;
  read.refuse("PHONE_REGION");
  return "CN";
}

function readRoles(read: ConfigReader): ReadonlySet<Role> {
  const named = read.list("ROLES");
  if (named.length === 0 || named.some((name) => !roles.includes(name as Role))) read.refuse("ROLES");
  return new Set(named as Role[]);
}
