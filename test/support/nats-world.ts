// One NATS server, or three, with the adapters that hosts open on them; everything is closed together.
import { connectNats, type NatsConnection } from "../../infra/nats/connection.ts";
import { type NatsControl, openNatsControl } from "../../infra/nats/control.ts";
import { isPassing, manageJetStream } from "../../infra/nats/jetstream.ts";
import { type NatsJournal, type NatsJournalOptions, openNatsJournal } from "../../infra/nats/journal.ts";
import { silentLog } from "./silent-log.ts";
import { startNats, type TestNats } from "./stack.ts";

export type Size = 1 | 3;
export const sizeName = (size: Size): string => (size === 1 ? "one server" : "three servers");

const mib = 1024 * 1024;

export class NatsWorld {
  readonly nats: TestNats;
  readonly size: Size;
  readonly log = silentLog;
  #closers: (() => unknown)[] = [];

  static async start(size: Size, options: { syncAlways?: boolean; dir?: string } = {}): Promise<NatsWorld> {
    return new NatsWorld(await startNats({ servers: size, ...options }), size);
  }

  constructor(nats: TestNats, size: Size) {
    this.nats = nats;
    this.size = size;
  }

  async connect(options: { only?: number; name?: string } = {}): Promise<NatsConnection> {
    const { urls } = this.nats;
    const some = options.only === undefined ? urls : urls.slice(options.only, options.only + 1);
    const connection = await connectNats({ urls: some, name: options.name ?? "host", log: silentLog });
    this.#closers.push(() => connection.close());
    return connection;
  }

  async journal(options: Partial<NatsJournalOptions> = {}): Promise<NatsJournal> {
    const connection = options.connection ?? (await this.connect());
    const journal = await openNatsJournal({
      ...{ streams: 2, replicas: this.size, maxBytesPerStream: 256 * mib, log: silentLog },
      ...options,
      connection,
    });
    this.#closers.push(() => journal.close());
    return journal;
  }

  async control(options: { connection?: NatsConnection } = {}): Promise<NatsControl> {
    const connection = options.connection ?? (await this.connect());
    const control = await openNatsControl({ connection, replicas: this.size, log: silentLog });
    this.#closers.push(() => control.close());
    return control;
  }

  /** Which of the servers leads the stream. */
  async leaderOf(stream: string, connection: NatsConnection): Promise<number> {
    const jsm = await manageJetStream(connection);
    const { cluster } = await whenReady(() => jsm.streams.info(stream));
    return Math.max(0, Number(cluster?.leader?.split("-").at(-1) ?? 1) - 1);
  }

  async stepDown(stream: string, connection: NatsConnection): Promise<void> {
    await connection.client.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, "", { timeout: 5_000 });
  }

  /** Deletes all streams, for the next test. */
  async clear(): Promise<void> {
    await this.closeHosts();
    for (const server of this.nats.servers) server.resume();
    const connection = await this.connect();
    const jsm = await manageJetStream(connection);
    const streams = await whenReady(() => jsm.streams.list().next());
    for (const { config } of streams) await whenReady(() => jsm.streams.delete(config.name));
  }

  async closeHosts(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
  }

  async close(): Promise<void> {
    await this.closeHosts();
    await this.nats.close();
  }
}

const patienceMs = 30_000;

/** Servers that the test before has resumed or restarted may still be electing their leaders. */
async function whenReady<T>(ask: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (cause) {
      if (!isPassing(cause) || performance.now() > endMs) throw cause;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

/** One world for all tests of a file, cleared before each test. The tests must run one after the other. */
export function sharedWorld(size: Size, options: { syncAlways?: boolean } = {}) {
  let world: Promise<NatsWorld> | undefined;
  return {
    async cleared(): Promise<NatsWorld> {
      world ??= NatsWorld.start(size, options);
      const made = await world;
      await made.clear();
      return made;
    },
    async close(): Promise<void> {
      await (await world)?.close();
    },
  };
}
