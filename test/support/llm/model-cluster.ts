// A cluster whose users talk to models: a scripted upstream, files in an S3 bucket, and Temporal, which runs the processes.
import type { Role } from "../../../infra/config/config.ts";
import { eventually } from "../../suites/eventually.ts";
import { startTestCluster, type TestCluster } from "../cluster-people.ts";
import { startS3, useTemporal } from "../stack.ts";
import { type ScriptedUpstream, startScriptedUpstream } from "./scripted-upstream.ts";

const workerStartMs = 60_000;

export interface ModelCluster extends TestCluster {
  readonly upstream: ScriptedUpstream;
  /** `host:port` of Temporal. */
  readonly temporal: string;
}

export async function startModelCluster(options: {
  hosts: Readonly<Record<string, readonly Role[]>>;
  env?: Readonly<Record<string, string>>;
  /** Without Temporal the hosts with the role `actors` run the processes. */
  isWithoutTemporal?: boolean;
}): Promise<ModelCluster> {
  const [upstream, s3, temporal] = await Promise.all([startScriptedUpstream(), startS3(), useTemporal()]);
  const closeServers = () => Promise.all([upstream.close(), s3.close()]);
  try {
    const cluster = await startTestCluster({
      hosts: options.hosts,
      env: {
        OPENAI_BASE_URL: upstream.url,
        OPENAI_API_KEY: "system-key-1",
        OUTBOUND_ALLOW: "127.0.0.0/8",
        S3_ENDPOINT: s3.url,
        S3_BUCKET: s3.bucket,
        S3_REGION: s3.region,
        S3_ACCESS_KEY_ID: s3.accessKey,
        S3_SECRET_ACCESS_KEY: s3.secretKey,
        ...(!options.isWithoutTemporal && { TEMPORAL_ADDRESS: temporal.address }),
        ...options.env,
      },
    });
    const close = async () => {
      await cluster.close();
      await closeServers();
    };
    const workers = Object.entries(options.hosts).filter(([, roles]) => roles.includes("workflows"));
    for (const [name] of workers) await eventually(() => hasWorker(cluster.host(name)), workerStartMs);
    return { ...cluster, upstream, temporal: temporal.address, close };
  } catch (error) {
    await closeServers();
    throw error;
  }
}

async function hasWorker({ port }: { port: number }): Promise<boolean> {
  const answer = await fetch(`http://127.0.0.1:${port}/ready`);
  const { parts } = (await answer.json()) as { parts: Record<string, { ok: boolean }> };
  return parts.workflows?.ok === true;
}
