import { RuntimeError } from "../../actors/runtime/errors.ts";
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import type { HostTransport } from "../../actors/runtime/ports.ts";

/** Calls between hosts of one process: plain data is handed over as it is. */
export function createMemoryTransport(): HostTransport {
  const hosts = new Map<string, (invocation: Invocation) => Promise<Reply>>();
  return {
    async call(host, invocation) {
      const answer = hosts.get(host);
      if (!answer) throw new RuntimeError("unreachable", `No host is called ${host}`);
      return answer(invocation);
    },
    serve(host, answer) {
      hosts.set(host, answer);
      return () => {
        if (hosts.get(host) === answer) hosts.delete(host);
      };
    },
  };
}
