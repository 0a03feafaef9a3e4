// The role `gateway`: creates the gateway from the ports of the world and from its own parts (tokens, passwords, codes,
// limits).
import type { PoolCredentials } from "../../actors/credentials/credentials.ts";
import type { Objects } from "../../actors/file/objects.ts";
import type { Secrets } from "../../actors/llm/contract.ts";
import type { Reading } from "../../actors/reading/contract.ts";
import type { Directory } from "../../actors/reading/ports.ts";
import type { Relay } from "../../actors/relay/contract.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import { createGateway } from "../../gateway/http/gateway.ts";
import type { Gateway } from "../../gateway/http/http-server.ts";
import type { OidcProvider } from "../../gateway/oidc-ports.ts";
import type { Calls, Health, Log, MediaRooms } from "../../gateway/ports.ts";
import { createBundledApp } from "../browser/bundled-app.ts";
import type { Config } from "../config/config.ts";
import { createRevocations } from "../control/revocations.ts";
import { createPasswordHasher } from "../crypto/password.ts";
import { getOrCreateTokenSecrets } from "../crypto/token-secrets.ts";
import { createQrPictures } from "../images/qr-pictures.ts";
import type { Metrics } from "../observe/metrics.ts";
import { createOidcProvider } from "../oidc/oidc-provider.ts";
import { createPhoneNumbers } from "../phone/phone-numbers.ts";
import { systemClock } from "../system/clock.ts";
import { systemRandom } from "../system/random.ts";
import { version } from "../system/version.ts";
import { openCodeSender } from "./code-sender.ts";
import { openFirstAdmin } from "./first-admin.ts";
import { openUsage } from "./ledger.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ModelParts } from "./models.ts";
import type { World } from "./world.ts";

export interface EdgeParts {
  config: Config;
  world: World;
  actors: Actors;
  reading: Reading;
  directory: Directory;
  metrics: Metrics;
  health: Health;
  reportError(message: string, cause: unknown): void;
  log: Log;
  lifecycle: Lifecycle;
  secrets: Secrets;
  credentials: PoolCredentials;
  models: ModelParts;
  objects: Objects;
  relay: Relay;
  calls?: Calls;
  media?: MediaRooms;
}

/** The first administrator is made, where that is configured and the server is new. */
export function openAdministration({ config, actors, log, lifecycle }: EdgeParts): Promise<void> {
  const passwords = createPasswordHasher(config.passwordCost);
  const deps = { actors, passwords, log, admin: config.surfaces.admin, show: (line: string) => console.log(line) };
  return openFirstAdmin(deps, lifecycle);
}

export async function openEdge(parts: EdgeParts): Promise<Gateway> {
  const { config, world, actors, metrics, health, reportError, log, lifecycle } = parts;
  const { lease, storeId, place } = world;
  const clock = systemClock;
  const secrets = config.auth.secrets.length > 0 ? config.auth.secrets : getOrCreateTokenSecrets(config.dataDir);
  const [signing] = secrets;
  if (signing === undefined) throw new Error("there is no token secret");
  return createGateway({
    actors,
    reading: parts.reading,
    directory: parts.directory,
    notifications: world.createSource(),
    viewerNotifications: world.createSource(),
    presence: world.presence,
    passwords: createPasswordHasher(config.passwordCost),
    phones: createPhoneNumbers(config.phoneRegion),
    codes: world.createCodes(await openCodeSender(config, lifecycle), signing.secret),
    oidc: await openOidc(parts),
    rateLimits: world.rateLimits,
    revocations: createRevocations({ control: world.control, clock, keptMs: config.auth.accessTokenMs }),
    lease: {
      isHeld: () => lease.isHeld(),
      onChange: (handler) => lease.onChange(() => handler(lease.isHeld())),
      isClosed: (boot) => lease.mayFence(boot),
    },
    clock,
    random: systemRandom,
    log,
    metrics: metrics.gateway,
    limits: config.limits,
    auth: { ...config.auth, secrets },
    health,
    trustedProxies: config.trustedProxies,
    surfaces: config.surfaces,
    llm: { ...parts.models, relay: parts.relay, limits: config.relay.v1 },
    secrets: parts.secrets,
    accounts: parts.credentials,
    usage: openUsage(world, actors, reportError),
    models: parts.models,
    objects: parts.objects,
    qrPictures: createQrPictures(),
    publicUrl: config.publicUrl,
    uniqueNicknames: config.people.uniqueNicknames,
    adminApp: createBundledApp("admin"),
    webApp: createBundledApp("web"),
    files: config.files.settings,
    calls: parts.calls,
    media: parts.media,
    identity: { host: place.host, boot: place.boot, storeId, version },
  });
}

async function openOidc({ config, models, log, lifecycle }: EdgeParts): Promise<OidcProvider | undefined> {
  if (!config.oidc) return undefined;
  const provider = createOidcProvider(config.oidc, { connect: models.guardedConnect, log });
  await lifecycle.start({ name: "oidc", stop: async () => provider.close() });
  return provider;
}
