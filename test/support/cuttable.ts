// A TCP proxy to a server on this machine, for one client. Its connections can be cut, stalled and restored.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

export interface Cuttable {
  readonly port: number;
  /** Closes every connection and refuses new ones. */
  cut(): void;
  /** Connections stay open and pass nothing; sent bytes wait. */
  stall(): void;
  /** Passes bytes again, the waiting ones first. */
  join(): void;
  close(): Promise<void>;
}

export async function startCuttable(targetPort: number): Promise<Cuttable> {
  const sockets = new Set<Socket>();
  let state: "whole" | "cut" | "stalled" = "whole";
  const server = createServer((near) => {
    if (state === "cut") return void near.destroy();
    const far = connect(targetPort, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on("data", (bytes) => to.write(bytes));
      from.on("error", () => {}); // broken connections are the purpose of this proxy
      from.on("close", () => {
        sockets.delete(from);
        // Waiting bytes still arrive after the close, as from the buffers of a kernel.
        if (state === "stalled") return void to.end();
        to.destroy();
      });
      if (state === "stalled") from.pause();
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      state = "cut";
      for (const socket of sockets) socket.destroy();
    },
    stall() {
      state = "stalled";
      for (const socket of sockets) socket.pause();
    },
    join() {
      state = "whole";
      for (const socket of sockets) socket.resume();
    },
    async close() {
      state = "cut";
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
