// A TCP proxy between one host and one server on this machine. It can fail in the ways in which a network fails.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/**
 * pass: no fault · cut: connections stay open and pass nothing, sent bytes wait (a partition) · refuse: connections are closed
 * and new ones refused (no server) · `delayMs`: bytes arrive later by this time.
 */
export type LinkMode = "pass" | "cut" | "refuse" | { readonly delayMs: number };

export interface Link {
  readonly port: number;
  readonly mode: LinkMode;
  set(mode: LinkMode): void;
  /** Closes every connection once, and accepts new ones at once. Bytes in transit are lost. */
  blink(): void;
  close(): Promise<void>;
}

/** The bytes that one direction of a connection holds back before its sender is slowed. */
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
    from.on("error", () => {}); // broken connections are the purpose of this proxy
    from.on("close", () => {
      sockets.delete(from);
      // Waiting bytes still arrive after the close, as from the buffers of a kernel.
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
