// Temporal's development server: the whole service and its UI in one process, kept in one SQLite file.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { obtainGoProgram } from "./go-program.ts";
import { isListening } from "./ports.ts";
import type { Program, ServerPlan, Toolbox } from "./server-kind.ts";

const temporalVersion = "1.5.1";
/** The service (gRPC), the UI, HTTP and metrics. */
export const temporalPortCount = 4;

const startTimeoutMs = 60_000;
const answerTimeoutMs = 4_000;

export function obtainTemporal(tools: Toolbox): Promise<Program> {
  return obtainGoProgram(
    {
      server: "temporal",
      name: "temporal",
      version: temporalVersion,
      module: "github.com/temporalio/cli/cmd/temporal",
      binary: "temporal",
      inPath: { names: ["temporal"], versionMin: "1.3.0" },
      release: ({ os, arch }) => ({
        url: `https://github.com/temporalio/cli/releases/download/v${temporalVersion}/temporal_cli_${temporalVersion}_${os}_${arch}.tar.gz`,
        binary: "temporal",
      }),
    },
    tools,
  );
}

export function planTemporal(
  program: Program,
  place: { dir: string; ports: readonly number[]; keep: boolean },
): ServerPlan {
  const [port = 0, uiPort = 0, httpPort = 0, metricsPort = 0] = place.ports;
  mkdirSync(place.dir, { recursive: true });
  const listening = ["--ip", "127.0.0.1", "--port", port, "--ui-port", uiPort, "--http-port", httpPort];
  return {
    name: "temporal",
    command: program.command,
    args: [
      "server",
      "start-dev",
      ...listening.map(String),
      "--metrics-port",
      String(metricsPort),
      "--log-level",
      "warn",
      ...(place.keep ? ["--db-filename", join(place.dir, "temporal.db")] : []),
    ],
    dir: place.dir,
    ports: [port, uiPort, httpPort, metricsPort],
    async check() {
      // A TCP connect is cheaper than the client, which is loaded and connected only when something listens.
      if (!(await isListening(port))) throw new Error(`nothing listens on port ${port}`);
      await checkTemporal(`127.0.0.1:${port}`);
    },
    startTimeoutMs,
  };
}

/** Throws when the server is not healthy or does not have the namespace "default". */
export async function checkTemporal(address: string): Promise<void> {
  // The client is slow to load, and most importers of this file never check a server.
  const { Connection } = await import("@temporalio/client");
  const connection = await Connection.connect({ address, connectTimeout: answerTimeoutMs });
  try {
    await connection.withDeadline(Date.now() + answerTimeoutMs, async () => {
      await connection.healthService.check({ service: "temporal.api.workflowservice.v1.WorkflowService" });
      await connection.workflowService.describeNamespace({ namespace: "default" });
    });
  } finally {
    await connection.close();
  }
}
