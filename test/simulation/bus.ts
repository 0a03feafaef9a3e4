// The notification bus: one server that sends each notification to every gateway. The network may lose, double and reorder them.
import type { NotificationSink } from "../../actors/runtime/ports.ts";
import type { FramedNotification } from "../../actors/shared/notification.ts";
import { framed } from "../../gateway/wire/notification.ts";
import type { Machine } from "./machine.ts";
import type { Network } from "./network.ts";

const timeoutMs = 300;

export class SimulatedBus {
  readonly name = "bus";
  readonly #network: Network;
  readonly #gateways: readonly string[];
  readonly #deliver: (host: string, notification: FramedNotification) => void;

  constructor(
    network: Network,
    gateways: readonly string[],
    deliver: (host: string, notification: FramedNotification) => void,
  ) {
    this.#network = network;
    this.#gateways = gateways;
    this.#deliver = deliver;
  }

  port(machine: Machine): NotificationSink {
    return {
      publish: (notifications) => {
        const sent = JSON.stringify(notifications.map(framed));
        this.#network.send(machine.host, this.name, () => {
          for (const host of this.#gateways) {
            this.#network.send(this.name, host, () => {
              for (const notification of JSON.parse(sent) as FramedNotification[]) this.#deliver(host, notification);
            });
          }
        });
      },
      flush: () => this.#network.ask(machine, this.name, timeoutMs, () => undefined),
    };
  }
}
