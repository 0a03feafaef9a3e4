// Configurations that are refused: variables that contradict each other, and development settings in production.
import type { Config } from "./config.ts";
import type { Env } from "./env.ts";
import { livekitSecret } from "./local-livekit.ts";
import { findOpenIssuer } from "./oidc.ts";
import { findOpenOrigins, findWeakAdmin } from "./surfaces.ts";

/** A shorter secret can be guessed. With the secret anybody can enter every call and forge LiveKit's webhooks. */
const minLiveKitSecretChars = 32;
/** CONTROL deletes an entry that was not renewed for this time. */
const controlKeptMs = 86_400_000;

/** Settings that production refuses because they are safe in development only. */
export function findProductionProblems(config: Config, env: Env): string[] {
  const problems: string[] = [
    ...findWeakAdmin(config.surfaces),
    ...findOpenOrigins(config.surfaces),
    ...findOpenIssuer(config.oidc),
  ];
  if (config.devCode) problems.push("DEV_CODE=on lets anybody log in with the code 123456: production refuses it.");
  if (!config.rateLimits) problems.push("RATE_LIMITS=off is for benchmarks: production refuses it.");
  if (config.passwordCost === "low") problems.push("PASSWORD_HASH_COST=low is for benchmarks: production refuses it.");
  if (!env.JWT_SECRETS) {
    problems.push(
      'JWT_SECRETS is not set, and production needs it: kid:base64 of 32 random bytes. Create them with "openssl rand -base64 32".',
    );
  }
  if (!env.ENCRYPTION_KEY) {
    problems.push(
      'ENCRYPTION_KEY is not set, and production needs it: 32 random bytes in base64. Create them with "openssl rand -base64 32".',
    );
  }
  const { liveKit } = config;
  if (liveKit && (liveKit.apiSecret === livekitSecret || liveKit.apiSecret.length < minLiveKitSecretChars)) {
    problems.push(
      `LIVEKIT_API_SECRET is short, or known to everybody: production needs a secret of ${minLiveKitSecretChars} or more characters. Create one with "openssl rand -base64 32".`,
    );
  }
  return problems;
}

/** Values that contradict each other, in every mode. */
export function findContradictions({ auth, limits, cluster, roles: has }: Config): string[] {
  const problems: string[] = [];
  if (!cluster && !(has.has("gateway") && has.has("actors"))) {
    problems.push("ROLES without gateway or actors needs a cluster: set NATS_URL, CASSANDRA_HOSTS and REDIS_URL.");
  }
  if (cluster && auth.accessTokenMs > controlKeptMs) {
    problems.push("ACCESS_TOKEN_MS must be at most 24 hours in a cluster, because revocations are kept for 24 hours.");
  }
  if (auth.refreshTokenMs <= auth.accessTokenMs) {
    problems.push(
      "REFRESH_TOKEN_MS must be larger than ACCESS_TOKEN_MS: otherwise a login ends with its first access token.",
    );
  }
  if (limits.silenceMs <= limits.heartbeatMs) {
    problems.push(
      "SILENCE_MS must be larger than HEARTBEAT_MS: otherwise a socket is closed before its next heartbeat.",
    );
  }
  return problems;
}
