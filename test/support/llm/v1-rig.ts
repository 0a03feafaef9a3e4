// The surface of OpenAI's format alone, without a node: a real port, the real transport, and a ledger and a pool that write down
// what they were asked.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { ExecutionContext } from "ava";
import type { ApiKey } from "../../../actors/keyring/contract.ts";
import type { UpstreamTarget } from "../../../actors/llm/contract.ts";
import type { RelayLimits } from "../../../actors/relay/limits.ts";
import { createApiKey, createApiKeys } from "../../../gateway/auth/api-keys.ts";
import type { Edge } from "../../../gateway/rest/kit/route.ts";
import { createV1Server } from "../../../gateway/v1/server.ts";
import { defaultV1Limits, type V1Limits } from "../../../gateway/v1-ports.ts";
import { noRateLimits } from "../../../infra/memory/rate-limits.ts";
import { systemClock } from "../../../infra/system/clock.ts";
import { systemRandom } from "../../../infra/system/random.ts";
import { silentLog } from "../silent-log.ts";
import { openRelay, pooled, targetOf } from "./relay-rig.ts";
import { startScriptedUpstream } from "./scripted-upstream.ts";

interface RigOptions {
  /** Of the pool; none: the system's key. */
  accounts?: readonly string[];
  limits?: Partial<RelayLimits>;
  v1?: Partial<V1Limits>;
  target?: Partial<UpstreamTarget>;
}

export async function openV1(
  t: ExecutionContext,
  { accounts = [], limits = {}, v1 = {}, target = {} }: RigOptions = {},
) {
  const rig = openRelay({ accounts, limits });
  const upstream = await startScriptedUpstream();
  const { key, hash } = createApiKey(systemRandom);
  const known: ApiKey = {
    ...{ keyId: "1", ownerId: "7", name: "program", hint: "", isActive: true, createdAtMs: 0, limits: {} },
  };
  const deps = {
    actors: {
      get: () => ({ findKey: async (input: { hash: string }) => (input.hash === hash ? { key: known } : {}) }),
    },
    ...{ clock: systemClock, random: systemRandom, log: silentLog, rateLimits: noRateLimits },
    lease: { isHeld: () => true },
    identity: { boot: "b1" },
    metrics: { request: () => {} },
  };
  const edge = { ...deps, keys: createApiKeys(deps as unknown as Edge) } as unknown as Edge;
  const served = createV1Server(edge, {
    relay: rig.relay,
    directory: { resolve: async () => [targetOf(upstream.url, { ...(accounts.length > 0 && pooled), ...target })] },
    catalog: { ready: async () => {}, list: async () => [], find: rig.catalog.find } as never,
    limits: { ...defaultV1Limits, ...v1 },
  });
  const server = createServer((request, response) => served.serve(request, response));
  server.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.teardown(async () => {
    server.closeAllConnections();
    server.close();
    await rig.close();
    await upstream.close();
  });
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const post = (
    path: string,
    body: unknown,
    { signal, ...headers }: { signal?: AbortSignal; [header: string]: unknown } = {},
  ) =>
    fetch(`${baseUrl}${path}`, {
      method: "POST",
      body: typeof body === "string" || body instanceof Uint8Array ? (body as string) : JSON.stringify(body),
      headers: {
        authorization: `Bearer ${key}`,
        "content-type": "application/json",
        ...(headers as Record<string, string>),
      },
      ...(signal && { signal }),
    });
  const chat = (stream: boolean, more: object = {}) =>
    post("/chat/completions", { model: "m", messages: [{ role: "user", content: "hello" }], stream, ...more });
  return { ...rig, upstream, key, baseUrl, post, chat };
}
