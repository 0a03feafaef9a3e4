// Which server leads what, as the servers' monitoring says it.
import type { TestNats } from "../support/stack.ts";

interface Jsz {
  meta_cluster?: { leader?: string };
  account_details?: { stream_detail?: { name: string; cluster?: { leader?: string } }[] }[];
}
const answerMs = 1_000;

/** As infra/stack/nats.ts names them. */
export function serverNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `parley-${index + 1}`);
}

/** "meta": the leader of the cluster; else of this stream. A server's name; the first one's when nobody leads. */
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
      // it hangs or is away: the next one knows as much
    }
  }
  return serverNames(nats.servers.length)[0] ?? "";
}
