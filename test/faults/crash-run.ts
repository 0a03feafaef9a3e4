// Kills the embedded server with kill -9 at random moments under load. The clients' records decide whether something was lost.
import { rmSync } from "node:fs";
import { freePort, startServer } from "../support/server-process.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { ChatLoad } from "./chat-load.ts";
import { Judge, pause } from "./judge.ts";

interface CrashSummary {
  rounds: number;
  sent: number;
  acked: number;
  violations: string[];
}

const pauseBetweenActionsMs = 4;
const reconnectMs = 50;
/** Small, so that the group of six members uses a subject of its own. */
const env = { PER_USER_FANOUT_MAX: "4" };

export async function runCrashes(options: {
  rounds: number;
  random: () => number;
  onProgress?: (line: string) => void;
}): Promise<CrashSummary> {
  const { rounds, random, onProgress = () => {} } = options;
  const dataDir = createTempFolder("crash");
  const port = await freePort();
  let server = await startServer({ dataDir, port, env });
  const gateways = () => [{ name: "server", port }];
  const load = await ChatLoad.start({ gateways, random, pauseMs: pauseBetweenActionsMs, reconnectMs });
  load.startSending();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      await pause(300 + random() * 1_200);
      await server.kill9();
      await pause(random() * 200);
      server = await startServer({ dataDir, port, env });
      onProgress(`round ${round} of ${rounds}: ${load.acked} acknowledged so far`);
    }
    await pause(500);
    const { sent, acked, violations } = await new Judge(load).checkWhenSettled();
    return { rounds, sent, acked, violations };
  } finally {
    load.stop();
    await server.kill9();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
