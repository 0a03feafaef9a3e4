// The embedded server killed with -9 at random moments under load; what the clients saw decides.
import { rmSync } from "node:fs";
import { freePort, startServer } from "../support/server-process.ts";
import { createTempFolder } from "../support/temp-folder.ts";
import { Crew } from "./crew.ts";
import { Judge, pause } from "./judge.ts";

interface CrashSummary {
  rounds: number;
  sent: number;
  acked: number;
  violations: string[];
}

const pauseBetweenActionsMs = 4;
const reconnectMs = 50;
/** Small, so that the group of six already travels on its own subject. */
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
  const crew = await Crew.gather({ gateways, random, pauseMs: pauseBetweenActionsMs, reconnectMs });
  crew.talk();
  try {
    for (let round = 1; round <= rounds; round += 1) {
      await pause(300 + random() * 1_200);
      await server.kill9();
      await pause(random() * 200);
      server = await startServer({ dataDir, port, env });
      onProgress(`round ${round} of ${rounds}: ${crew.acked} acknowledged so far`);
    }
    await pause(500);
    const { sent, acked, violations } = await new Judge(crew).quietMoment();
    return { rounds, sent, acked, violations };
  } finally {
    crew.stop();
    await server.kill9();
    rmSync(dataDir, { recursive: true, force: true });
  }
}
