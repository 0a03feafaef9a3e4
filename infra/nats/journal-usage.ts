// Watches how full the journal's streams are, so that no append has to ask. At 90 % hosts refuse users' commands; the rest
// is kept for fences, releases and re-appended commands (J1). The sizes are read every 5 s; between two readings this host
// adds its own appends, and other hosts' appends count from the next reading on.
import type { JetStreamManager } from "@nats-io/jetstream";
import type { Log } from "../../gateway/ports.ts";

const readEveryMs = 5_000;
const crowdedShare = 0.9;
/** About what the store adds to each message: its header, subject, time and checksum. */
const overheadBytes = 110;

export interface StreamUsage {
  readonly usedBytes: number;
  readonly maxBytes: number;
}

interface UsageWatch {
  /** Reads the sizes now and returns those of the fullest stream. */
  usage(): Promise<StreamUsage>;
  isCrowded(stream: number): boolean;
  /** Adds an own append. */
  count(stream: number, bytes: number): void;
  /** The stream refused an append for lack of room: it counts as full until the next reading. */
  noteFull(stream: number): void;
  stop(): void;
}

export async function watchUsage(jsm: JetStreamManager, streamNames: readonly string[], log: Log): Promise<UsageWatch> {
  const usages = await Promise.all(streamNames.map((name) => readUsage(jsm, name)));
  let hasFailed = false;
  let isStopped = false;

  const readAll = async (): Promise<void> => {
    const readings = await Promise.all(streamNames.map((name) => readUsage(jsm, name)));
    for (const [index, usage] of readings.entries()) {
      const wasCrowded = isCrowded(usages[index]);
      usages[index] = usage;
      const name = streamNames[index];
      if (isCrowded(usage) && !wasCrowded) log.warn("nats: journal stream nearly full", { stream: name, ...usage });
    }
  };
  const tryToReadAll = async (): Promise<void> => {
    try {
      await readAll();
      hasFailed = false;
    } catch (error) {
      if (!hasFailed && !isStopped) log.warn("nats: journal size unreadable", { error });
      hasFailed = true;
    }
  };
  let timer: NodeJS.Timeout;
  const again = (): void => {
    timer = setTimeout(() => {
      void tryToReadAll().then(() => {
        if (!isStopped) again();
      });
    }, readEveryMs).unref();
  };
  again();

  return {
    async usage() {
      await readAll();
      return usages.reduce((fullest, usage) => (shareOf(usage) > shareOf(fullest) ? usage : fullest));
    },
    isCrowded: (stream) => isCrowded(usages[stream]),
    count(stream, bytes) {
      const usage = usages[stream];
      if (usage) usage.usedBytes += bytes + overheadBytes;
    },
    noteFull(stream) {
      const usage = usages[stream];
      if (usage) usage.usedBytes = Math.max(usage.usedBytes, usage.maxBytes);
    },
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

interface CountedUsage {
  usedBytes: number;
  maxBytes: number;
}
async function readUsage(jsm: JetStreamManager, name: string): Promise<CountedUsage> {
  const { state, config } = await jsm.streams.info(name);
  return { usedBytes: state.bytes, maxBytes: config.max_bytes };
}

function shareOf({ usedBytes, maxBytes }: StreamUsage): number {
  return maxBytes > 0 ? usedBytes / maxBytes : 0;
}
function isCrowded(usage: StreamUsage | undefined): boolean {
  return usage !== undefined && shareOf(usage) > crowdedShare;
}
