// Sends questions to a host that is paused for longer than its lease, so that the host reads them at the moment it is resumed,
// before it notices that its lease has lapsed. Its answers must not be older than what other hosts acknowledged before. The
// questions go over REST, and over NATS to its actors, as from another host that still takes this one for the owner.
import type { Window } from "../../actors/conversation/contract.ts";
import type { HostTransport } from "../../actors/runtime/ports.ts";
import { connectNats, type NatsConnection } from "../../infra/nats/connection.ts";
import { createNatsTransport } from "../../infra/nats/transport.ts";
import { systemClock } from "../../infra/system/clock.ts";
import { systemRandom } from "../../infra/system/random.ts";
import type { Cluster, ClusterHost } from "../support/cluster.ts";
import { silentLog } from "../support/silent-log.ts";
import type { ChatLoad, LoadConversation } from "./chat-load.ts";
import { requestOnce } from "./rest.ts";

interface Asked {
  /** Descriptions of the outdated answers. */
  answers(): Promise<string[]>;
}

const deadlineMs = 10_000;
/** After this time the questions are in the buffers of the host's sockets. */
const underWayMs = 50;

export class StaleReadProbe {
  #cluster: Cluster;
  #load: ChatLoad;
  #connection: NatsConnection;
  #transport: HostTransport & { close(): void };
  asked = 0;
  answered = 0;

  private constructor(cluster: Cluster, load: ChatLoad, connection: NatsConnection) {
    this.#cluster = cluster;
    this.#load = load;
    this.#connection = connection;
    this.#transport = createNatsTransport({ connection, clock: systemClock, random: systemRandom, log: silentLog });
  }

  static async open(cluster: Cluster, load: ChatLoad): Promise<StaleReadProbe> {
    const connection = await connectNats({ urls: cluster.nats.urls, name: "stale reads", log: silentLog });
    return new StaleReadProbe(cluster, load, connection);
  }

  /** Sends the questions. The host must be paused. */
  async ask(name: string): Promise<Asked> {
    const host = this.#cluster.host(name);
    const questions = this.#load.conversations.flatMap((conversation) => [
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

  async #askGateway({ name, port }: ClusterHost, { id, members }: LoadConversation): Promise<string[]> {
    const acked = this.#load.newestAck(id);
    const { token } = this.#load.persons[members[0] ?? 0] ?? {};
    const query = `sessionId=${id}&startSeq=0&limit=1&direction=backward`;
    const answer = await requestOnce<{ messages: { seq: number }[] }>(port, "GET", `/messages/history?${query}`, {
      token,
    }).catch(() => undefined); // the host may refuse or close; only an outdated answer is a violation
    if (answer?.code !== 0) return [];
    return this.#judge(`the gateway of ${name}`, id, answer.data.messages.at(-1)?.seq ?? 0, acked);
  }

  async #askActors({ name }: ClusterHost, { id, members }: LoadConversation): Promise<string[]> {
    const acked = this.#load.newestAck(id);
    const { userId = "" } = this.#load.persons[members[0] ?? 0] ?? {};
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
