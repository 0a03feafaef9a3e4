import { connectUser, inParallel, registerUsers } from "./people.ts";
import type { Scenario } from "./scenarios.ts";

/** Connect, authenticate, CONNECT_ACK, close. */
export function connects(plan: { users: number; rounds: number; width: number }): Scenario {
  return {
    title: `connect and authenticate, ${plan.width} at once`,
    unit: "connect",
    async prepare(place) {
      const users = await registerUsers(place, plan.users);
      const connectAll = async () => {
        const sockets = await inParallel(users, plan.width, (user) => connectUser(place, user, "&sync=client"));
        for (const socket of sockets) socket.close();
      };
      // Once before it counts: the server's code is compiled by use.
      await connectAll();
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      return async () => {
        const startMs = performance.now();
        for (let round = 0; round < plan.rounds; round += 1) await connectAll();
        const units = plan.users * plan.rounds;
        return { units, seconds: (performance.now() - startMs) / 1_000 };
      };
    },
  };
}

/** Connections that only stay: the server's memory is divided by them. */
export function idleConnections(plan: { count: number; usersEach: number }): Scenario {
  return {
    title: `${plan.count} idle connections, authenticated`,
    unit: "connection",
    startsAfresh: true,
    async prepare(place) {
      const users = await registerUsers(place, plan.count);
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      return async () => {
        const startMs = performance.now();
        await inParallel(users, 64, (user) => connectUser(place, user, "&sync=client"));
        await new Promise((resolve) => setTimeout(resolve, 8_000));
        return { units: plan.count, seconds: (performance.now() - startMs) / 1_000 };
      };
    },
  };
}
