// The configuration of a host, as one checked value.
import type { KickPreset } from "../../actors/session/kick-presets.ts";
import type { GatewayLimits } from "../../gateway/limits.ts";
import type { EncryptionKey } from "../crypto/encryption-keys.ts";
import type { PasswordCost } from "../crypto/password.ts";
import type { TokenSecret } from "../crypto/token-secrets.ts";
import type { LogFormat, LogLevel } from "../observe/log.ts";
import type { OidcConfig } from "../oidc/oidc-provider.ts";
import type { PhoneRegion } from "../phone/phone-numbers.ts";
import type { FilesConfig } from "./files.ts";
import type { LedgerConfig } from "./ledger.ts";
import type { ModelsConfig } from "./models.ts";
import type { PoolConfig } from "./pool.ts";
import type { RelayConfig } from "./relay.ts";
import type { ClusterConfig, LiveKitConfig, S3Config, TemporalConfig } from "./servers.ts";
import type { SurfaceConfig } from "./surfaces.ts";

export interface Config {
  mode: "development" | "test" | "production";
  production: boolean;
  /** Absolute. */
  dataDir: string;
  port: number;
  host: string;
  trustedProxies: number;
  /** Without a slash at its end. Undefined: the Host of the request. */
  publicUrl?: string;
  hostName: string;
  roles: ReadonlySet<Role>;
  /** Undefined: one process with its own storage. */
  cluster?: ClusterConfig;
  temporal?: TemporalConfig;
  liveKit?: LiveKitConfig;
  callRingMs: number;
  models: ModelsConfig;
  /** The folder is used without S3. */
  objects: { dir: string; s3?: S3Config };
  files: FilesConfig;
  log: { level: LogLevel; format: LogFormat };
  shutdownTimeoutMs: number;
  auth: {
    /** Empty: the secrets of `getOrCreateTokenSecrets(dataDir)` are used. */
    secrets: TokenSecret[];
    accessTokenMs: number;
    refreshTokenMs: number;
    requireFriend: boolean;
    kickPreset: KickPreset;
  };
  /** They encrypt secrets in records. Empty: the keys of `getOrCreateEncryptionKeys(dataDir)` are used. */
  encryptionKeys: EncryptionKey[];
  surfaces: SurfaceConfig;
  ledger: LedgerConfig;
  passwordCost: PasswordCost;
  phoneRegion: PhoneRegion;
  /** This verification code is accepted for every target. */
  devCode?: string;
  rateLimits: boolean;
  oidc?: OidcConfig;
  codes: { smtpUrl?: string; mailFrom: string; smsWebhookUrl?: string; smsWebhookToken?: string };
  journalRetentionMs: number;
  people: PeopleConfig;
  perUserFanoutMax: number;
  maxGroupMembers: number;
  groupInvitationMs: number;
  pool: PoolConfig;
  relay: RelayConfig;
  limits: GatewayLimits;
}
interface PeopleConfig {
  friendRequestMs: number;
  qrCodeMs: number;
  uniqueNicknames: boolean;
  sensitiveWords: readonly string[];
}
export const roles = ["gateway", "actors", "workflows"] as const;
export type Role = (typeof roles)[number];

export const devCode = "123456";

export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly string[];
  constructor(problems: readonly string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  - ${problem}`).join("\n")}`);
    this.problems = problems;
  }
}
