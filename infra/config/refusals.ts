// Configurations that are refused: variables that contradict each other, and development settings in production.
import type { Config } from "./config.ts";
import type { Env } from "./env.ts";
import { livekitSecret } from "./local-livekit.ts";

/** A shorter secret of LiveKit can be guessed; with it anybody enters every call and forges its webhooks. */
const minLiveKitSecretChars = 32;
/** CONTROL forgets entries that nobody renews after this time. */
const controlKeptMs = 86_400_000;

/** No rate limits, cheap password hashes, the fixed code, no secrets: for development only. */
export function findProductionProblems(config: Config, env: Env): string[] {
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

/** In any mode. */
export function findContradictions({ auth, limits, cluster, roles: has }: Config): string[] {
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
