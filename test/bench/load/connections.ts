import { connectUser, inParallel, registerUsers } from "./people.ts";
import type { Scenario } from "./scenarios.ts";

interface ConnectPlan {
  title: string;
  users: number;
  width: number;
  /** Users connect once before the measured round. */
  isRepeated?: true;
  /** The measured round runs against a new process on the data of a killed one. */
  startsAfresh?: true;
}

/** Longer than a session actor stays in memory without a call, so that the measured connects find no actor in memory. */
const restMs = 8_000;
/** The wait after the last connect, for closes and for rows of the views. */
const settleMs = 3_000;
/** The server returns the memory of a burst after two quiet checks, 30 s apart, that follow the check of the burst itself. */
const memoryReturnMs = 95_000;

/** Connect, authenticate, CONNECT_ACK, close: one round of registered users. */
export function connects({ title, users: count, width, isRepeated, startsAfresh }: ConnectPlan): Scenario {
  return {
    title,
    unit: "connect",
    ...(startsAfresh && { startsAfresh }),
    async prepare(place) {
      const users = await registerUsers(place, count);
      const others = await registerUsers({ ...place, run: `${place.run}-others` }, 1_000);
      const connectAll = async (all: typeof users) => {
        const sockets = await inParallel(all, width, (user) => connectUser(place, user, "&sync=client"));
        for (const socket of sockets) socket.close();
      };
      // Other users connect first, so that the server's code is compiled before the measured round.
      for (let round = 0; round < 4; round += 1) await connectAll(others);
      if (isRepeated) await connectAll(users);
      await pause(restMs);
      return async () => {
        const startMs = performance.now();
        await connectAll(users);
        const seconds = (performance.now() - startMs) / 1_000;
        await pause(settleMs);
        return { units: count, seconds };
      };
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Connections that stay idle; the growth of the server's memory is divided by their number. */
export function idleConnections(plan: { count: number; usersEach: number }): Scenario {
  return {
    title: `${plan.count} idle connections, authenticated`,
    unit: "connection",
    startsAfresh: true,
    async prepare(place) {
      const users = await registerUsers(place, plan.count);
      await pause(3_000);
      return async () => {
        const startMs = performance.now();
        await inParallel(users, 64, (user) => connectUser(place, user, "&sync=client"));
        await pause(memoryReturnMs);
        return { units: plan.count, seconds: (performance.now() - startMs) / 1_000 };
      };
    },
  };
}
