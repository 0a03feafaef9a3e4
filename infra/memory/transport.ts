// Calls between hosts of one process: plain data handed over by reference.
import { RuntimeError } from "../../actors/runtime/errors.ts";
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import type { HostTransport } from "../../actors/runtime/ports.ts";

interface Server {
  answer(invocation: Invocation): Promise<Reply>;
  /** Callers that wait: they hear of it when the host stops. */
  readonly waiting: Set<(error: RuntimeError) => void>;
}

export function createMemoryTransport(): HostTransport {
  const servers = new Map<string, Server>();
  return {
    call(host, invocation) {
      const server = servers.get(host);
      if (!server) return Promise.reject(new RuntimeError("unreachable", `host ${host} does not answer`));
      return new Promise((resolve, reject) => {
        server.waiting.add(reject);
        server
          .answer(invocation)
          .then(resolve, (cause) => reject(new RuntimeError("unreachable", `host ${host} failed to answer`, { cause })))
          .finally(() => server.waiting.delete(reject));
      });
    },
    serve(host, answer) {
      const server: Server = { answer, waiting: new Set() };
      servers.set(host, server);
      return () => {
        if (servers.get(host) === server) servers.delete(host);
        for (const reject of server.waiting) reject(new RuntimeError("unreachable", `host ${host} has stopped`));
        server.waiting.clear();
      };
    },
  };
}
