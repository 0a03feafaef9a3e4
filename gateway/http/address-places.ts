// Connections per client address: one address does not take every place of a gateway.
import type { Socket } from "node:net";
import { networkOf } from "../kit/client-address.ts";
import type { Log } from "../ports.ts";

interface AddressPlaces {
  /** Takes a place until the socket closes; drops the socket when its address has none left. */
  admit(socket: Socket): void;
}

export function createAddressPlaces({ maxPerAddress, log }: { maxPerAddress: number; log: Log }): AddressPlaces {
  /** By network; addresses without connections are not kept. */
  const taken = new Map<string, { count: number; hasRefused: boolean }>();
  return {
    admit(socket) {
      const network = networkOf(socket.remoteAddress ?? "");
      const place = taken.get(network) ?? { count: 0, hasRefused: false };
      if (place.count >= maxPerAddress) {
        socket.destroy();
        // One line per address, until all its connections are closed.
        if (!place.hasRefused) log.warn("http: an address has all its connections", { network, maxPerAddress });
        place.hasRefused = true;
        return;
      }
      place.count += 1;
      taken.set(network, place);
      socket.once("close", () => {
        place.count -= 1;
        if (place.count === 0) taken.delete(network);
      });
    },
  };
}
