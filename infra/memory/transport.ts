// Calls between hosts in one process. Inputs and replies are plain data and are passed by reference.
import { RuntimeError } from "../../actors/runtime/errors.ts";
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import type { HostTransport } from "../../actors/runtime/ports.ts";
import { systemClock } from "../system/clock.ts";

interface Server {
  answer(invocation: Invocation): Promise<Reply>;
  /** Callers that wait for an answer; they are rejected when the host stops serving. */
  readonly waiting: Set<(error: RuntimeError) => void>;
}

export function createMemoryTransport(): HostTransport {
  const servers = new Map<string, Server>();
  return {
    call(host, invocation) {
      const leftMs = invocation.deadlineMs - Date.now();
      if (leftMs <= 0) return Promise.reject(unreachable(host, "the deadline has passed"));
      const server = servers.get(host);
      if (!server) return Promise.reject(unreachable(host, "no such host is served"));
      return new Promise((resolve, reject) => {
        server.waiting.add(reject);
        const cancel = systemClock.after(leftMs, () => reject(unreachable(host, "no answer came before the deadline")));
        new Promise<Reply>((settle) => settle(server.answer(invocation)))
          .then(resolve, (cause: unknown) => reject(unreachable(host, "the host failed to answer", cause)))
          .finally(() => {
            cancel();
            server.waiting.delete(reject);
          });
      });
    },
    serve(host, answer) {
      const server: Server = { answer, waiting: new Set() };
      servers.set(host, server);
      return () => {
        if (servers.get(host) === server) servers.delete(host);
        for (const reject of server.waiting) reject(unreachable(host, "the host has stopped serving"));
        server.waiting.clear();
      };
    },
  };
}

function unreachable(host: string, reason: string, cause?: unknown): RuntimeError {
  return new RuntimeError("unreachable", `host ${host}: ${reason}`, { cause });
}
