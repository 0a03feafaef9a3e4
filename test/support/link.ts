// One client's way to one server on this machine, which can be broken like a network, for that client alone.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * pass · cut: nothing passes, connections stay open, what was sent waits (a partition) · refuse: connections are broken
 * and new ones refused (nobody is there) · a number: what is sent arrives so many ms later.
 */
export type LinkMode = "pass" | "cut" | "refuse" | { readonly delayMs: number };

export interface Link {
  readonly port: number;
  readonly mode: LinkMode;
  set(mode: LinkMode): void;
  /** Breaks every connection once; new ones are taken at once. What was on its way is lost. */
  blink(): void;
  close(): Promise<void>;
}

/** What one direction of a connection holds back at most before its sender feels it. */
const waitingBytesMax = 1_024 * 1_024;

export async function startLink(target: { readonly port: number; readonly host?: string }): Promise<Link> {
  const sockets = new Set<Socket>();
  let mode: LinkMode = "pass";
  const isCut = () => mode === "cut";
  const breakAll = () => {
    for (const socket of sockets) socket.destroy();
  };
  const join = (from: Socket, to: Socket): void => {
    sockets.add(from);
    from.setNoDelay(true);
    let waitingBytes = 0;
    const forward = (bytes: Buffer) => {
      if (!to.write(bytes) && !isCut()) {
        from.pause();
        to.once("drain", () => !isCut() && from.resume());
      }
    };
    from.on("data", (bytes: Buffer) => {
      if (typeof mode === "string" && waitingBytes === 0) return forward(bytes);
      waitingBytes += bytes.length;
      if (waitingBytes > waitingBytesMax) from.pause();
      setTimeout(
        () => {
          waitingBytes -= bytes.length;
          forward(bytes);
          if (!isCut() && waitingBytes < waitingBytesMax) from.resume();
        },
        typeof mode === "string" ? 1 : mode.delayMs,
      );
    });
    from.on("error", () => {}); // a broken way is what this is for
    from.on("close", () => {
      sockets.delete(from);
      // What waits still arrives, as from the buffers of a kernel.
      if (isCut()) to.end();
      else to.destroy();
    });
    if (isCut()) from.pause();
  };
  const server = createServer((near) => {
    if (mode === "refuse") return void near.destroy();
    const far = connect(target.port, target.host ?? "127.0.0.1");
    join(near, far);
    join(far, near);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  server.unref();
  return {
    port: (server.address() as AddressInfo).port,
    get mode() {
      return mode;
    },
    set(next) {
      mode = next;
      if (next === "refuse") breakAll();
      else for (const socket of sockets) next === "cut" ? socket.pause() : socket.resume();
    },
    blink: breakAll,
    async close() {
      mode = "refuse";
      breakAll();
      server.close();
      await once(server, "close");
    },
  };
}
