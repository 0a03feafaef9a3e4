// The only reader of the environment.
// K1: everything wrong is said at once, in sentences, and nothing starts.
// K2: production refuses what is only for development: no rate limits, cheap password hashes, the fixed code, no secrets.
import { existsSync, readFileSync } from "node:fs";
import { hostname } from "node:os";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import type { GatewayLimits } from "../../gateway/limits.ts";
import type { PasswordCost } from "../crypto/password.ts";
import type { TokenSecret } from "../crypto/token-secrets.ts";
import type { LogFormat, LogLevel } from "../observe/log.ts";
import { livekitSecret } from "../stack/livekit-secret.ts";
import {
  type ClusterConfig,
  callVariables,
  type LiveKitConfig,
  readCluster,
  readLiveKit,
  readTemporal,
  type TemporalConfig,
} from "./cluster.ts";
import { type ConfigReader, createReader, type Env } from "./reader.ts";

export interface Config {
  mode: "development" | "test" | "production";
  production: boolean;
  /** Absolute. */
  dataDir: string;
  port: number;
  host: string;
  trustedProxies: number;
  hostName: string;
  roles: ReadonlySet<Role>;
  /** Absent: one process with its own storage. */
  cluster?: ClusterConfig;
  temporal?: TemporalConfig;
  liveKit?: LiveKitConfig;
  callRingMs: number;
  log: { level: LogLevel; format: LogFormat };
  shutdownTimeoutMs: number;
  auth: {
    /** Empty: take those of `getOrCreateTokenSecrets(dataDir)`. */
    secrets: TokenSecret[];
    accessTokenMs: number;
    refreshTokenMs: number;
    requireFriend: boolean;
  };
  passwordCost: PasswordCost;
  /** Accepted as everybody's verification code. */
  devCode?: string;
  rateLimits: boolean;
  codes: { smtpUrl?: string; mailFrom: string; smsWebhookUrl?: string; smsWebhookToken?: string };
  journalRetentionMs: number;
  perUserFanoutMax: number;
  maxGroupMembers: number;
  limits: GatewayLimits;
}
export type { Env };

export const roles = ["gateway", "actors", "workflows"] as const;
export type Role = (typeof roles)[number];

export const devCode = "123456";
/** Whoever guesses it gets into every call, and tells who left which. */
const minLiveKitSecretChars = 32;
/** Entries of CONTROL that nobody renews are forgotten after this. */
const controlKeptMs = 86_400_000;

export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}

/**
 * The environment over the `.env` file of `folder`, if there is one. An empty value in the file is one that is not set: a
 * copy of `.env.example` hides nothing that is known from elsewhere.
 */
export function loadEnv(folder = "."): Env {
  const given = Object.entries(readEnvFile(resolve(folder, ".env"))).filter(([, value]) => value !== "");
  return { ...Object.fromEntries(given), ...process.env };
}

/** Addresses of the servers that `npm run stack up` started; none when it did not. */
export function loadStackEnv(folder = "."): Env {
  return readEnvFile(resolve(folder, "data/stack/env"));
}

/** What hosts of a cluster are told: servers of one's own go with none of the stack's. */
export function loadClusterEnv(): Env {
  const own = loadEnv();
  return own.NATS_URL ? own : { ...loadStackEnv(), ...own };
}

/** Of these, what one process of its own can use: it has its own storage. */
export function loadCallEnv(folder = "."): Env {
  return Object.fromEntries(Object.entries(loadStackEnv(folder)).filter(([name]) => name in callVariables));
}

function readEnvFile(path: string): Env {
  return existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
}

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
    hostName: read.text("HOST_NAME") || hostname(),
    roles: readRoles(read),
    cluster: readCluster(read),
    temporal: readTemporal(read),
    liveKit: readLiveKit(read),
    callRingMs: read.number("CALL_RING_MS"),
    log: {
      level: read.name("LOG_LEVEL") as LogLevel,
      format: (read.name("LOG_FORMAT") || (production ? "json" : "pretty")) as LogFormat,
    },
    shutdownTimeoutMs: read.number("SHUTDOWN_TIMEOUT_MS"),
    auth: {
      secrets: read.secrets("JWT_SECRETS"),
      accessTokenMs: read.number("ACCESS_TOKEN_MS"),
      refreshTokenMs: read.number("REFRESH_TOKEN_MS"),
      requireFriend: read.name("REQUIRE_FRIEND") === "on",
    },
    passwordCost: read.name("PASSWORD_HASH_COST") as PasswordCost,
    devCode: (read.name("DEV_CODE") || (production ? "off" : "on")) === "on" ? devCode : undefined,
    rateLimits: read.name("RATE_LIMITS") === "on",
    codes: {
      smtpUrl: read.url("SMTP_URL", ["smtp:", "smtps:"]),
      mailFrom: read.text("MAIL_FROM"),
      smsWebhookUrl: read.url("SMS_WEBHOOK_URL", ["http:", "https:"]),
      smsWebhookToken: read.text("SMS_WEBHOOK_TOKEN") || undefined,
    },
    journalRetentionMs: read.number("JOURNAL_RETENTION_HOURS") * 3_600_000,
    perUserFanoutMax: read.number("PER_USER_FANOUT_MAX"),
    maxGroupMembers: read.number("MAX_GROUP_MEMBERS"),
    limits: read.limits(),
  };
  const problems = [
    ...read.problems,
    ...contradictions(config),
    ...(production ? productionRefusals(config, env) : []),
  ];
  if (problems.length > 0) throw new ConfigError(problems);
  return config;
}

function readRoles(read: ConfigReader): ReadonlySet<Role> {
  const named = read.list("ROLES");
  if (named.length === 0 || named.some((name) => !roles.includes(name as Role))) read.refuse("ROLES");
  return new Set(named as Role[]);
}

/** K2. */
function productionRefusals(config: Config, env: Env): string[] {
  const problems: string[] = [];
  if (config.devCode) problems.push("DEV_CODE=on lets anybody in with the code 123456: production refuses it.");
  if (!config.rateLimits) problems.push("RATE_LIMITS=off is for benchmarks: production refuses it.");
  if (config.passwordCost === "low") problems.push("PASSWORD_HASH_COST=low is for benchmarks: production refuses it.");
  if (!env.JWT_SECRETS) {
    problems.push(
      'JWT_SECRETS is not set, and production needs it: kid:base64 of 32 random bytes, for example from "openssl rand -base64 32".',
    );
  }
  const { liveKit } = config;
  if (liveKit && (liveKit.apiSecret === livekitSecret || liveKit.apiSecret.length < minLiveKitSecretChars)) {
    problems.push(
      `LIVEKIT_API_SECRET is short, or known to everybody: production needs ${minLiveKitSecretChars} or more characters of its own, for example from "openssl rand -base64 32".`,
    );
  }
  return problems;
}

function contradictions({ auth, limits, cluster, roles: has }: Config): string[] {
  const problems: string[] = [];
  if (!cluster && !(has.has("gateway") && has.has("actors"))) {
    problems.push("ROLES without gateway or actors needs a cluster: set NATS_URL, CASSANDRA_HOSTS and REDIS_URL.");
  }
  if (cluster && auth.accessTokenMs > controlKeptMs) {
    problems.push("ACCESS_TOKEN_MS must be at most 24 hours in a cluster: revocations are kept so long.");
  }
  if (auth.refreshTokenMs <= auth.accessTokenMs) {
    problems.push("REFRESH_TOKEN_MS must be larger than ACCESS_TOKEN_MS, else every login ends with its first token.");
  }
  if (limits.silenceMs <= limits.heartbeatMs) {
    problems.push("SILENCE_MS must be larger than HEARTBEAT_MS, else every quiet socket is closed.");
  }
  return problems;
}
