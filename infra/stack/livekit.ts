// LiveKit: the media server of calls and meetings.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { livekitKey, livekitSecret } from "../config/local-livekit.ts";
import { obtainGoProgram } from "./go-program.ts";
import { checkHttp } from "./http-check.ts";
import type { Program, ServerPlan, Toolbox } from "./server-kind.ts";

const livekitVersion = "1.11.0";
/** API and signalling; media over TCP; media over UDP. */
export const livekitPortCount = 3;
export { livekitKey, livekitSecret };

const startTimeoutMs = 60_000;

export function obtainLiveKit(tools: Toolbox): Promise<Program> {
  return obtainGoProgram(
    {
      server: "livekit",
      name: "livekit",
      version: livekitVersion,
      module: "github.com/livekit/livekit-server/cmd/server",
      binary: "server",
      inPath: { names: ["livekit-server"], versionMin: "1.7.0" },
      release: ({ os, arch }) => ({
        url: `https://github.com/livekit/livekit/releases/download/v${livekitVersion}/livekit_${livekitVersion}_${os}_${arch}.tar.gz`,
        binary: "livekit-server",
      }),
    },
    tools,
  );
}

export function planLiveKit(
  program: Program,
  place: { dir: string; ports: readonly number[]; webhookUrl?: string },
): ServerPlan {
  const [port = 0, tcpPort = 0, udpPort = 0] = place.ports;
  mkdirSync(place.dir, { recursive: true });
  const path = join(place.dir, "livekit.yaml");
  writeFileSync(path, livekitYaml({ port, tcpPort, udpPort, webhookUrl: place.webhookUrl }));
  return {
    name: "livekit",
    command: program.command,
    args: ["--config", path],
    dir: place.dir,
    ports: [port, tcpPort],
    check: () => checkHttp(`http://127.0.0.1:${port}/`),
    startTimeoutMs,
  };
}

function livekitYaml(at: { port: number; tcpPort: number; udpPort: number; webhookUrl?: string }): string {
  const webhook = at.webhookUrl
    ? `webhook:\n  api_key: ${livekitKey}\n  urls: [${JSON.stringify(at.webhookUrl)}]\n`
    : "";
  return `port: ${at.port}
bind_addresses: ["127.0.0.1"]
rtc:
  node_ip: 127.0.0.1
  use_external_ip: false
  enable_loopback_candidate: true
  tcp_port: ${at.tcpPort}
  udp_port: ${at.udpPort}
keys:
  ${livekitKey}: ${livekitSecret}
logging:
  level: info
${webhook}`;
}
