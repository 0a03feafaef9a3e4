// A host that was paused for longer than its lease is asked at the moment it wakes up, when it does not know yet: what it
// answers must not be older than what was acknowledged elsewhere before. Asked twice: over REST, and its actors over NATS,
// as another host that still takes it for the owner does.
import type { Window } from "../../actors/conversation/contract.ts";
import type { HostTransport } from "../../actors/runtime/ports.ts";
import { connectNats, type NatsConnection } from "../../infra/nats/connection.ts";
import { createNatsTransport } from "../../infra/nats/transport.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import type { Cluster, ClusterHost } from "../support/cluster.ts";
import { silentLog } from "../support/silent-log.ts";
import type { Crew, CrewConversation } from "./crew.ts";
import { ask } from "./rest.ts";

interface Asked {
  /** Sentences about answers that were too old. */
  answers(): Promise<string[]>;
}

const deadlineMs = 10_000;
/** The questions are in the buffers of its sockets by then. */
const underWayMs = 50;

export class StaleReadProbe {
  #cluster: Cluster;
  #crew: Crew;
  #connection: NatsConnection;
  #transport: HostTransport & { close(): void };
  asked = 0;
  answered = 0;

  private constructor(cluster: Cluster, crew: Crew, connection: NatsConnection) {
    this.#cluster = cluster;
    this.#crew = crew;
    this.#connection = connection;
    this.#transport = createNatsTransport({ connection, clock: systemClock, random: systemRandom, log: silentLog });
  }

  static async open(cluster: Cluster, crew: Crew): Promise<StaleReadProbe> {
    const connection = await connectNats({ urls: cluster.nats.urls, name: "stale reads", log: silentLog });
    return new StaleReadProbe(cluster, crew, connection);
  }

  /** While it is paused. */
  async ask(name: string): Promise<Asked> {
    const host = this.#cluster.host(name);
    const questions = this.#crew.conversations.flatMap((conversation) => [
      ...(host.roles.includes("gateway") ? [this.#askGateway(host, conversation)] : []),
      ...(host.roles.includes("actors") ? [this.#askActors(host, conversation)] : []),
    ]);
    this.asked += questions.length;
    await new Promise((resolve) => setTimeout(resolve, underWayMs));
    return { answers: async () => (await Promise.all(questions)).flat() };
  }

  async close(): Promise<void> {
    this.#transport.close();
    await this.#connection.close();
  }

  async #askGateway({ name, port }: ClusterHost, { id, members }: CrewConversation): Promise<string[]> {
    const acked = this.#crew.newestAck(id);
    const { token } = this.#crew.persons[members[0] ?? 0] ?? {};
    const query = `sessionId=${id}&startSeq=0&limit=1&direction=backward`;
    const answer = await ask<{ messages: { seq: number }[] }>(port, "GET", `/messages/history?${query}`, {
      token,
    }).catch(() => undefined); // it may refuse, or close; only an old answer is wrong
    if (answer?.code !== 0) return [];
    return this.#judge(`the gateway of ${name}`, id, answer.data.messages.at(-1)?.seq ?? 0, acked);
  }

  async #askActors({ name }: ClusterHost, { id, members }: CrewConversation): Promise<string[]> {
    const acked = this.#crew.newestAck(id);
    const { userId = "" } = this.#crew.persons[members[0] ?? 0] ?? {};
    const reply = await this.#transport
      .call(name, {
        to: { kind: "conversation", key: id },
        method: "window",
        input: { userId },
        deadlineMs: Date.now() + deadlineMs,
      })
      .catch(() => undefined); // as above
    if (reply?.kind !== "ok") return [];
    return this.#judge(`the actors of ${name}`, id, (reply.value as Window).head.seq, acked);
  }

  #judge(who: string, id: string, shown: number, acked: number): string[] {
    this.answered += 1;
    return shown < acked ? [`${who} answered ${id} at ${shown} after waking up; ${acked} was acknowledged before`] : [];
  }
}
