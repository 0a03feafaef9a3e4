// A port for a server that a test starts by number. Below the range from which the system gives ports to others, so that nobody
// takes it between the probe and the start.
import { createServer } from "node:net";

const first = 20_000;
const count = 12_000;
let next = (process.pid * 97) % count;

export async function lowPort(): Promise<number> {
  for (;;) {
    const port = first + next;
    next = (next + 1) % count;
    if (await isFree(port)) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(false));
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)));
  });
}
