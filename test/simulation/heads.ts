// Heads as one server that may lose everything. Writes that are on their way at that time are lost with their connection.
import type { Head } from "../../actors/runtime/head.ts";
import type { Heads } from "../../actors/runtime/ports.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";

const timeoutMs = 300;

export class SimulatedHeads {
  readonly name = "heads";
  #kept = new Map<string, Head>();
  #runs = 0;
  readonly #network: Network;

  constructor(network: Network) {
    this.#network = network;
  }

  loseEverything(): void {
    this.#kept = new Map();
    this.#runs += 1;
  }

  port(machine: Machine): Heads {
    return {
      put: (heads) => {
        const sent = [...heads].map(([id, head]) => [id, structuredClone(head)] as const);
        const run = this.#runs;
        return this.#network.ask(machine, this.name, timeoutMs, () => {
          if (run !== this.#runs) throw new Error("the connection was lost");
          for (const [id, head] of sent)
            if (head.version >= (this.#kept.get(id)?.version ?? 0)) this.#kept.set(id, head);
        });
      },
      getMany: (ids) =>
        this.#network.ask(machine, this.name, timeoutMs, () => {
          return new Map(ids.flatMap((id) => (this.#kept.has(id) ? [[id, this.#kept.get(id)!] as const] : [])));
        }),
    };
  }
}
