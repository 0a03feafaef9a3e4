// Calls between hosts; the network may lose, double and delay them. A host that is not served answers "no responders".

import { RuntimeError } from "../../actors/runtime/errors.ts";
import type { Invocation, Reply } from "../../actors/runtime/invocation.ts";
import type { HostTransport } from "../../actors/runtime/ports.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";

interface Server {
  readonly machine: Machine;
  answer(invocation: Invocation): Promise<Reply>;
}

export class SimulatedTransport {
  readonly #servers = new Map<string, Server>();
  readonly #network: Network;

  constructor(network: Network) {
    this.#network = network;
  }

  port(machine: Machine): HostTransport {
    return {
      call: (host, invocation) => this.#call(machine, host, invocation),
      serve: (host, answer) => {
        const server = { machine, answer };
        this.#servers.set(host, server);
        return () => {
          if (this.#servers.get(host) === server) this.#servers.delete(host);
        };
      },
    };
  }

  #call(machine: Machine, host: string, invocation: Invocation): Promise<Reply> {
    const sent = JSON.stringify(invocation);
    return new Promise((resolve, reject) => {
      const waitMs = Math.max(0, invocation.deadlineMs - machine.clock.nowMs());
      const giveUp = machine.clock.after(waitMs, () => reject(new RuntimeError("unreachable", `${host} is silent`)));
      const back = (deliver: () => void) =>
        this.#network.send(host, machine.host, () =>
          machine.enter(() => {
            giveUp();
            deliver();
          }),
        );
      this.#network.send(machine.host, host, () => {
        const server = this.#servers.get(host);
        if (!server || server.machine.isDead) {
          back(() => reject(new RuntimeError("unreachable", `nobody serves ${host}`)));
          return;
        }
        server.machine.enter(() => {
          void server.answer(JSON.parse(sent) as Invocation).then((reply) => {
            const text = JSON.stringify(reply);
            back(() => resolve(JSON.parse(text) as Reply));
          });
        });
      });
    });
  }
}
