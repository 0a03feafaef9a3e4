// Opens the road of requests to models, for the steps of replies and for the pass-through of the gateway.
import { createLedger } from "../../actors/account/ledger.ts";
import type { Credentials, Models, Secrets } from "../../actors/llm/contract.ts";
import type { ImageEdits } from "../../actors/llm/image-edits.ts";
import { retryAfterOf } from "../../actors/pool/retry-after.ts";
import type { Relay } from "../../actors/relay/contract.ts";
import { createModels } from "../../actors/relay/models.ts";
import { rememberOpened } from "../../actors/relay/opened-secrets.ts";
import type { Headers } from "../../actors/relay/ports.ts";
import { createRelay } from "../../actors/relay/relay.ts";
import { createRelayStats, type RelayStats } from "../../actors/relay/stats.ts";
import type { Actors } from "../../actors/runtime/actors.ts";
import type { Config } from "../config/config.ts";
import { createImageEdits } from "../llm/image-edits.ts";
import { createTransport } from "../llm/transport.ts";
import type { Metrics } from "../observe/metrics.ts";
import { systemClock } from "../system/clock.ts";
import type { Lifecycle } from "./lifecycle.ts";
import type { ModelParts } from "./models.ts";
import type { World } from "./world.ts";

export interface OpenRelay {
  readonly relay: Relay;
  readonly models: Models;
  readonly imageEdits: ImageEdits;
}

export async function openRelay(
  config: Pick<Config, "ledger" | "relay">,
  parts: {
    actors: Actors;
    world: Pick<World, "place">;
    secrets: Secrets;
    credentials: Credentials;
    models: Pick<ModelParts, "catalog" | "guardedConnect" | "providerChat">;
    metrics: Pick<Metrics, "watchCounters">;
    reportError(message: string, cause: unknown): void;
    lifecycle: Lifecycle;
  },
): Promise<OpenRelay> {
  const { actors, world, secrets, credentials, reportError, lifecycle } = parts;
  const { catalog, guardedConnect, providerChat } = parts.models;
  const clock = systemClock;
  const transport = createTransport({ guardedConnect });
  const hasSystemBudget = Object.keys(config.ledger.systemBudget).length > 0;
  const ledger = createLedger({ actors, clock, boot: world.place.boot, hasSystemBudget, reportError });
  // Drained after the server and before the accounts: no settle is left behind.
  await lifecycle.start({ name: "relay", drain: () => ledger.close(), stop: () => transport.close() });
  const stats = createRelayStats();
  watchRelay(parts.metrics, stats);
  const relay = createRelay({
    ...{ transport, clock, catalog, credentials, stats, reportError },
    secrets: rememberOpened(secrets),
    limits: config.relay.limits,
    retryAfterOf: (headers, body) => retryAfterOf({ header: (name) => headerOf(headers, name), body }, clock.nowMs()),
    ledger,
    providers: { anthropic: providerChat, google: providerChat },
  });
  return { relay, models: createModels({ relay, catalog }), imageEdits: createImageEdits(relay) };
}

function watchRelay(metrics: Pick<Metrics, "watchCounters">, stats: RelayStats): void {
  metrics.watchCounters(
    "model",
    {
      requests: "Requests to models that were begun.",
      answered: "Requests whose answer came whole.",
      failed: "Requests that no upstream answered whole.",
      left: "Requests whose client left, or which a user stopped.",
      attempts: "Tries at upstreams.",
      tokens: "Tokens of prompts and answers.",
      unsettled: "Requests whose cost could not be written into the ledger within a minute.",
    },
    () => stats,
  );
}

function headerOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value[0] : value;
}
