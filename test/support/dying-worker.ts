// A storage thread that dies when asked to.
import { serveWorker } from "../../infra/sqlite/worker-port.ts";

export type DyingOperations = {
  echo: { input: number; output: number };
  wait: { input: undefined; output: undefined };
  die: { input: undefined; output: undefined };
};

serveWorker<DyingOperations>("nowhere", () => ({
  echo: (input) => input,
  wait: (_, defer) => defer().later,
  die: (_, defer) => {
    setImmediate(() => {
      throw new Error("a bug in the thread");
    });
    return defer().later;
  },
  close: () => {},
}));
