// Starts a whole node with the embedded adapters in this process, on a free port and a new folder.
import { rmSync } from "node:fs";
import type { Config } from "../../infra/config/config.ts";
import { readConfig } from "../../infra/config/read-config.ts";
import { type Node, startNode } from "../../infra/node/node.ts";
import { createLog } from "../../infra/observe/log.ts";
import { createTempFolder } from "./temp-folder.ts";

export interface TestNode extends AsyncDisposable {
  readonly node: Node;
  readonly port: number;
  readonly dataDir: string;
  /** Stops the node in order and starts it again on the same data. `whileDown` runs between. */
  restart(whileDown?: () => void): Promise<void>;
  close(): Promise<void>;
}

export async function startTestNode(
  options: { env?: Record<string, string>; limits?: Partial<Config["limits"]> } = {},
): Promise<TestNode> {
  const dataDir = createTempFolder("test");
  const start = async (port: number) => {
    const env = {
      DATA_DIR: dataDir,
      RATE_LIMITS: "off",
      PASSWORD_HASH_COST: "low",
      LOG_LEVEL: "error",
      ...options.env,
    };
    const config = readConfig({ PORT: "8080", ...env });
    config.port = port;
    Object.assign(config.limits, options.limits);
    return startNode(config, createLog(config.log));
  };
  let node = await start(0);
  const close = async () => {
    await node.lifecycle.shutdown("the test is over");
    rmSync(dataDir, { recursive: true, force: true });
  };
  return {
    get node() {
      return node;
    },
    get port() {
      return node.port;
    },
    dataDir,
    async restart(whileDown = () => {}) {
      const { port } = node;
      await node.lifecycle.shutdown("restart");
      whileDown();
      node = await start(port);
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}
