// A host that was paused for longer than its lease is asked at the moment it wakes up, when it does not know yet: what it
// answers must not be older than what was acknowledged elsewhere before.
import type { Cluster } from "../support/cluster.ts";
import type { Crew } from "./crew.ts";
import { ask } from "./rest.ts";

export interface Asked {
  /** Sentences about answers that were too old. */
  answers(): Promise<string[]>;
}

export class StaleReadProbe {
  #cluster: Cluster;
  #crew: Crew;
  /** Questions that were answered at all. */
  asked = 0;

  constructor(cluster: Cluster, crew: Crew) {
    this.#cluster = cluster;
    this.#crew = crew;
  }

  /** While it is paused: the questions wait in the buffers of its sockets. Undefined: it is no gateway. */
  async ask(name: string): Promise<Asked | undefined> {
    const host = this.#cluster.host(name);
    if (!host.roles.includes("gateway")) return undefined;
    const { conversations, persons } = this.#crew;
    const questions = conversations.map(async ({ id, members }) => {
      const acked = this.#crew.newestAck(id);
      const { token } = persons[members[0] ?? 0] ?? {};
      const query = `sessionId=${id}&startSeq=0&limit=1&direction=backward`;
      const answer = await ask<{ messages: { seq: number }[] }>(host.port, "GET", `/messages/history?${query}`, {
        token,
      }).catch(() => undefined); // it may refuse, or close; only an old answer is wrong
      if (answer?.code !== 0) return [];
      this.asked += 1;
      const shown = answer.data.messages.at(-1)?.seq ?? 0;
      return shown < acked
        ? [`${name} answered ${id} at ${shown} when it woke up, ${acked} was acknowledged before`]
        : [];
    });
    await new Promise((resolve) => setTimeout(resolve, 50)); // they are on their way
    return { answers: async () => (await Promise.all(questions)).flat() };
  }
}
