import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";
import test from "ava";
import { defaultGatewayLimits } from "../../gateway/limits.ts";
import { ConfigError } from "../../infra/config/config.ts";
import { loadEnv, loadStackEnv } from "../../infra/config/env.ts";
import { livekitSecret } from "../../infra/config/local-livekit.ts";
import { readConfig } from "../../infra/config/read-config.ts";
import { printEnvExample, variables } from "../../infra/config/variables.ts";
import { warningsOf } from "../../infra/config/warnings.ts";
import { createTestFolder } from "../support/temp-folder.ts";

const secret = `main:${Buffer.alloc(32, 7).toString("base64")}`;
const key = Buffer.alloc(32, 7).toString("base64");
const example = readFileSync(new URL("../../.env.example", import.meta.url), "utf8");

test("with no variable set the config is a development server for this machine only", (t) => {
  t.like(readConfig({}), {
    mode: "development",
    production: false,
    port: 8080,
    host: "127.0.0.1",
    devCode: "123456",
    rateLimits: true,
    passwordCost: "normal",
    auth: { secrets: [], accessTokenMs: 7_200_000, refreshTokenMs: 604_800_000, requireFriend: true },
    limits: defaultGatewayLimits,
  });
});

test("production listens on all addresses, logs JSON and has no fixed code", (t) => {
  const config = readConfig({ NODE_ENV: "production", JWT_SECRETS: secret, ENCRYPTION_KEY: key });
  t.like(config, { production: true, host: "0.0.0.0", devCode: undefined, log: { format: "json" } });
  t.like(config.auth.secrets, [{ kid: "main" }]);
});

for (const [what, env, says] of [
  ["the fixed code", { DEV_CODE: "on" }, /DEV_CODE=on.*production refuses/],
  ["a start without rate limits", { RATE_LIMITS: "off" }, /RATE_LIMITS=off.*production refuses/],
  ["cheap password hashes", { PASSWORD_HASH_COST: "low" }, /PASSWORD_HASH_COST=low.*production refuses/],
  [
    "the LiveKit secret of the local stack",
    { LIVEKIT_URL: "wss://live.example.test", LIVEKIT_API_KEY: "devkey", LIVEKIT_API_SECRET: livekitSecret },
    /LIVEKIT_API_SECRET is short, or known to everybody/,
  ],
  ["a short password of the administrator", { ADMIN_PASSWORD: "admin123" }, /ADMIN_PASSWORD is short/],
  ["pages of every origin", { ALLOWED_ORIGINS: "*" }, /ALLOWED_ORIGINS=\* lets every page call/],
  ["a start without token secrets", { JWT_SECRETS: "" }, /JWT_SECRETS is not set/],
  ["a start without an encryption key", { ENCRYPTION_KEY: "" }, /ENCRYPTION_KEY is not set/],
] as const) {
  test(`production refuses ${what}, and development accepts it`, (t) => {
    t.notThrows(() => readConfig(env));
    const error = t.throws(
      () => readConfig({ NODE_ENV: "production", JWT_SECRETS: secret, ENCRYPTION_KEY: key, ...env }),
      {
        instanceOf: ConfigError,
      },
    );
    t.is(error.problems.length, 1);
    t.regex(error.message, says);
  });
}

test("all wrong variables are reported at once, each with its range, and no secret is printed", (t) => {
  const error = t.throws(
    () =>
      readConfig({
        NODE_ENV: "prod",
        PORT: "80a",
        LOG_LEVEL: "loud",
        KICK_PRESET: "one_per_planet",
        MAX_BODY_BYTES: "-1",
        RESEND_AFTER_MS: "5000,soon",
        SMTP_URL: "http://user:hunter2@mail",
        JWT_SECRETS: "main:c2hvcnQ=,nonsense",
        ACCESS_TOKEN_MS: "7200000",
        REFRESH_TOKEN_MS: "7200000",
        SILENCE_MS: "30000",
        HEARTBEAT_MS: "30000",
      }),
    { instanceOf: ConfigError },
  );
  for (const name of [
    "NODE_ENV",
    "PORT",
    "LOG_LEVEL",
    "KICK_PRESET",
    "MAX_BODY_BYTES",
    "RESEND_AFTER_MS",
    "SMTP_URL",
    "SILENCE_MS",
  ]) {
    t.true(
      error.problems.some((problem) => problem.startsWith(name)),
      name,
    );
  }
  t.regex(error.message, /PORT has "80a", which is not allowed: \[port, 0 to 65535\]/);
  t.regex(error.message, /JWT_SECRETS: the secret "main" has 5 bytes, and 32 are needed/);
  t.regex(error.message, /REFRESH_TOKEN_MS must be larger/);
  t.is(error.problems.filter((problem) => problem.startsWith("JWT_SECRETS")).length, 2);
  t.notRegex(error.message, /hunter2|c2hvcnQ|nonsense/);
});

for (const value of [
  "https://chat.example.org/app",
  "https://chat.example.org/",
  "chat.example.org",
  "null",
  "file:///home",
  "https://a.example.org nonsense",
  "https://user@a.example.org",
]) {
  test(`${value} is no origin, and stops the start by the variable's name`, (t) => {
    const env = { ALLOWED_ORIGINS: `https://chat.example.org,${value}` };
    t.regex(t.throws(() => readConfig(env), { instanceOf: ConfigError }).message, /ALLOWED_ORIGINS has /);
  });
}

test("a provider of identities needs its client and its redirect addresses, and production an encrypted one", (t) => {
  const oidc = { OIDC_ISSUER: "https://id.example.test", OIDC_CLIENT_ID: "chat" };
  const whole = { ...oidc, OIDC_REDIRECT_URIS: "https://chat.example.test/oidc, org.example.chat:/oidc" };
  t.deepEqual(readConfig(whole).oidc, {
    ...{ issuer: "https://id.example.test", clientId: "chat" },
    redirectUris: ["https://chat.example.test/oidc", "org.example.chat:/oidc"],
  });
  t.is(readConfig({}).oidc, undefined);
  const production = { NODE_ENV: "production", JWT_SECRETS: secret, ENCRYPTION_KEY: key };
  for (const [env, says] of [
    [oidc, /OIDC_REDIRECT_URIS/],
    [{ ...whole, OIDC_CLIENT_ID: "" }, /OIDC_CLIENT_ID/],
    [{ ...whole, OIDC_ISSUER: "" }, /OIDC_ISSUER/],
    [{ ...whole, OIDC_ISSUER: "id.example.test" }, /OIDC_ISSUER/],
    [{ ...whole, OIDC_REDIRECT_URIS: "/oidc" }, /OIDC_REDIRECT_URIS/],
    [{ ...whole, OIDC_REDIRECT_URIS: "https://chat.example.test/#oidc" }, /OIDC_REDIRECT_URIS/],
    [{ ...whole, OIDC_REDIRECT_URIS: "javascript:alert(1)" }, /OIDC_REDIRECT_URIS/],
    [{ ...whole, ...production, OIDC_ISSUER: "http://id.example.test" }, /OIDC_ISSUER is not encrypted/],
  ] as const) {
    t.regex(t.throws(() => readConfig(env), { instanceOf: ConfigError }).message, says);
  }
});

test("every limit of the gateway can be set", (t) => {
  const { limits } = readConfig({ MAX_CONNECTIONS: "7", RESEND_AFTER_MS: "100, 200", MAX_PAGE_BYTES: "65536" });
  t.deepEqual(limits, {
    ...defaultGatewayLimits,
    maxConnections: 7,
    resendAfterMs: [100, 200],
    maxPageBytes: 65_536,
  });
});

test("an empty variable counts as not set", (t) => {
  t.deepEqual(readConfig({ PORT: "", HOST: " ", DEV_CODE: "" }), readConfig({}));
});

test(".env.example lists every variable of the code with its default", (t) => {
  t.is(example, printEnvExample(), "print it: npm run --silent docs -- env > .env.example");
  const listed = parseEnv(example);
  t.deepEqual(Object.keys(listed).sort(), Object.keys(variables).sort());
  t.deepEqual(readConfig(listed), readConfig({}));
});

test("the environment takes precedence over the .env file", (t) => {
  const folder = createTestFolder(t, "config");
  writeFileSync(join(folder, ".env"), 'PORT=9001\nMAIL_FROM="Chat <chat@example.test>"\nPATH=/nowhere\n');
  const env = loadEnv(folder);
  t.like(readConfig(env), { port: 9001, codes: { mailFrom: "Chat <chat@example.test>" } });
  t.is(env.PATH, process.env.PATH);
});

test("a copy of .env.example overrides no other source", (t) => {
  const folder = createTestFolder(t, "config");
  writeFileSync(join(folder, ".env"), example);
  mkdirSync(join(folder, "data/stack"), { recursive: true });
  writeFileSync(join(folder, "data/stack/env"), "NATS_URL=nats://127.0.0.1:4222\nTEMPORAL_ADDRESS=127.0.0.1:7233\n");
  const env = { ...loadStackEnv(folder), ...loadEnv(folder) };
  t.like(env, { NATS_URL: "nats://127.0.0.1:4222", TEMPORAL_ADDRESS: "127.0.0.1:7233", PORT: "8080" });
});

test("production warns of servers without a password or encryption, and an address with credentials is refused", (t) => {
  const servers = {
    CASSANDRA_HOSTS: "c:9042",
    TEMPORAL_ADDRESS: "t:7233",
    NODE_ENV: "production",
    JWT_SECRETS: secret,
    ENCRYPTION_KEY: key,
  };
  const open = { ...servers, NATS_URL: "nats://n:4222", REDIS_URL: "redis://r:6379" };
  const pool = { POOL_TOKEN_URL: "http://id.example.test/token", POOL_UPSTREAM_URL: "https://up.example.test/v1" };
  t.regex(warningsOf(readConfig({ ...open, ...pool }))[0] ?? "", /POOL_TOKEN_URL/);
  t.notRegex(warningsOf(readConfig({ ...open, ...pool }))[0] ?? "", /POOL_UPSTREAM_URL/);
  const warnings = warningsOf(readConfig(open));
  t.is(warnings.length, 3);
  t.regex(warnings[2] ?? "", /CASSANDRA_REPLICAS=1/);
  t.regex(warnings[0] ?? "", /Not encrypted.*NATS.*Redis.*Cassandra.*Temporal/);
  t.regex(warnings[1] ?? "", /without a password.*NATS.*Redis.*Cassandra/);
  t.deepEqual(warningsOf(readConfig({ ...open, NODE_ENV: "development" })), []);
  const closed = {
    ...{ NATS_URL: "tls://n:4222", NATS_USER: "parley", REDIS_URL: "rediss://:hunter2@r:6379" },
    ...{ CASSANDRA_USER: "parley", CASSANDRA_TLS: "on", CASSANDRA_REPLICAS: "3", TEMPORAL_API_KEY: "key" },
  };
  t.deepEqual(warningsOf(readConfig({ ...servers, ...closed })), []);
  const clearKey = { ...servers, ...closed, TEMPORAL_TLS: "off" };
  t.throws(() => readConfig(clearKey), { message: /would send the key in the clear/ });
  t.deepEqual(warningsOf(readConfig({ ...clearKey, TEMPORAL_API_KEY: "", TEMPORAL_TLS: "on" })), []);
  for (const [url, says] of [
    ["nats://parley:hunter2@n:4222", /NATS_URL carries credentials: set NATS_USER/],
    ["http://n:4222", /NATS_URL has an address/],
  ] as const) {
    const { message } = t.throws(() => readConfig({ ...open, NATS_URL: url }), { instanceOf: ConfigError });
    t.regex(message, says);
    t.notRegex(message, /hunter2/);
  }
});
