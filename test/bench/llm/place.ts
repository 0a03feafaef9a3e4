// A server with one provider, the scripted upstream, and a key of a program; and a bare proxy to the same upstream.
import { mkdirSync, rmSync } from "node:fs";
import { freePort, type ServerProcess, startServer } from "../../support/server-process.ts";
import { createTempFolder } from "../../support/temp-folder.ts";
import { type Helper, startHelper } from "./process.ts";

export interface Place {
  readonly server: ServerProcess;
  readonly upstream: Helper;
  readonly bareProxy: Helper;
  readonly key: string;
  close(): Promise<void>;
}

const admin = { username: "root", password: "Benchmark-passw0rd" };

export async function startPlace({
  env,
  profiles,
}: {
  env?: Record<string, string>;
  profiles?: string;
}): Promise<Place> {
  const dataDir = createTempFolder("bench");
  const upstream = await startHelper("./upstream.ts");
  const upstreamUrl = `http://127.0.0.1:${upstream.port}`;
  const bareProxy = await startHelper("./bare-proxy.ts", upstreamUrl);
  if (profiles) mkdirSync(profiles, { recursive: true });
  const server = await startServer({
    dataDir,
    port: await freePort(),
    env: {
      ...{ OPENAI_BASE_URL: `${upstreamUrl}/v1`, OPENAI_API_KEY: "sk-upstream", OUTBOUND_ALLOW: "127.0.0.0/8" },
      ...{ DEFAULT_MODEL_URL: `${upstreamUrl}/v1`, DEFAULT_MODEL_NAME: "gpt-4o-mini" },
      ...{ ADMIN_USERNAME: admin.username, ADMIN_PASSWORD: admin.password },
      ...(profiles && { NODE_OPTIONS: `--cpu-prof --cpu-prof-dir=${profiles}` }),
      ...env,
    },
  });
  const { token } = await post<{ token: string }>(server.port, "/admin/login", admin);
  const { key } = await post<{ key: string }>(server.port, "/admin/api-keys", { name: "bench" }, token);
  return {
    ...{ server, upstream, bareProxy, key },
    async close() {
      // A profile is written by a process that ends in order.
      await (profiles ? server.stop() : server.kill9());
      upstream.close();
      bareProxy.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

async function post<T>(port: number, path: string, body: object, token?: string): Promise<T> {
  const answer = await fetch(`http://127.0.0.1:${port}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return (await answer.json()) as T;
}
