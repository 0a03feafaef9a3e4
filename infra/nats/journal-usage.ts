// How full the streams are, known without asking: hosts stop user commits at 90 %, the rest is for fences, `released` and
// carried records (J1).
// U1: between two looks our own appends are counted on top; other hosts' are seen at the next look.
import type { JetStreamManager } from "@nats-io/jetstream";
import type { Log } from "../../gateway/ports.ts";

const lookEveryMs = 5_000;
const crowdedShare = 0.9;
/** What the store keeps with each message, about: its header, subject, time, checksum. */
const overheadBytes = 110;

export interface StreamUsage {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

interface UsageWatch {
  /** Of the fullest stream, asked now. */
  usage(): Promise<StreamUsage>;
  isCrowded(stream: number): boolean;
  /** U1 */
  count(stream: number, bytes: number): void;
  /** The stream refused for want of room: crowded until a look says otherwise. */
  noteFull(stream: number): void;
  stop(): void;
}

export async function watchUsage(jsm: JetStreamManager, streamNames: readonly string[], log: Log): Promise<UsageWatch> {
  const seen = await Promise.all(streamNames.map((name) => look(jsm, name)));
  let hasFailed = false;
  let isStopped = false;

  const lookAtAll = async (): Promise<void> => {
    const looks = await Promise.all(streamNames.map((name) => look(jsm, name)));
    for (const [index, usage] of looks.entries()) {
      const was = isOver(seen[index]);
      seen[index] = usage;
      const name = streamNames[index];
      if (isOver(usage) && !was) log.warn("nats: journal stream nearly full", { stream: name, ...usage });
    }
  };
  const lookOnce = async (): Promise<void> => {
    try {
      await lookAtAll();
      hasFailed = false;
    } catch (error) {
      if (!hasFailed && !isStopped) log.warn("nats: journal size unreadable", { error });
      hasFailed = true;
    }
  };
  let timer: NodeJS.Timeout;
  const again = (): void => {
    timer = setTimeout(() => {
      void lookOnce().then(() => {
        if (!isStopped) again();
      });
    }, lookEveryMs).unref();
  };
  again();

  return {
    async usage() {
      await lookAtAll();
      return seen.reduce((fullest, usage) => (shareOf(usage) > shareOf(fullest) ? usage : fullest));
    },
    isCrowded: (stream) => isOver(seen[stream]),
    count(stream, bytes) {
      const usage = seen[stream];
      if (usage) usage.usedBytes += bytes + overheadBytes;
    },
    noteFull(stream) {
      const usage = seen[stream];
      if (usage) usage.usedBytes = Math.max(usage.usedBytes, usage.maxBytes);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

interface Seen {
  usedBytes: number;
  maxBytes: number;
}
async function look(jsm: JetStreamManager, name: string): Promise<Seen> {
  const { state, config } = await jsm.streams.info(name);
  return { usedBytes: state.bytes, maxBytes: config.max_bytes };
}

function shareOf({ usedBytes, maxBytes }: StreamUsage): number {
  return maxBytes > 0 ? usedBytes / maxBytes : 0;
}
function isOver(usage: StreamUsage | undefined): boolean {
  return usage !== undefined && shareOf(usage) > crowdedShare;
}
