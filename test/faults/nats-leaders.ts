// Reads from the monitoring of NATS which server leads the cluster and each stream.
import type { TestNats } from "../support/stack.ts";

interface Jsz {
  meta_cluster?: { leader?: string };
  account_details?: { stream_detail?: { name: string; cluster?: { leader?: string } }[] }[];
}
const answerMs = 1_000;

/** The server names that infra/stack/nats.ts gives. */
export function serverNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `parley-${index + 1}`);
}

/** The name of the server that leads the cluster ("meta") or a stream. The first server's name when there is no leader. */
export async function natsLeader(nats: TestNats, of: string): Promise<string> {
  for (const url of nats.monitorUrls) {
    try {
      const answer = await fetch(`${url}/jsz?streams=true`, { signal: AbortSignal.timeout(answerMs) });
      const jsz = (await answer.json()) as Jsz;
      const streams = jsz.account_details?.flatMap(({ stream_detail = [] }) => stream_detail) ?? [];
      const leader =
        of === "meta" ? jsz.meta_cluster?.leader : streams.find(({ name }) => name === of)?.cluster?.leader;
      if (leader) return leader;
    } catch {
      // this server hangs or is down: the next one is asked
    }
  }
  return serverNames(nats.servers.length)[0] ?? "";
}
