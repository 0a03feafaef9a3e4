// What an operator does too late: the journal's streams have hardly any room left, and get it back.
import { connectNats } from "../../infra/nats/connection.ts";
import { manageJetStream } from "../../infra/nats/jetstream.ts";
import { streamName } from "../../infra/nats/journal-streams.ts";

const silent = { info() {}, warn() {}, error() {} };

/** `share` of every stream is in use afterwards; the result gives back the room there was. */
export async function takeRoom(urls: readonly string[], streams: number, share: number): Promise<() => Promise<void>> {
  const connection = await connectNats({ urls, name: "operator", log: silent });
  const jsm = await manageJetStream(connection);
  const before = new Map<string, number>();
  for (let index = 0; index < streams; index += 1) {
    const { config, state } = await jsm.streams.info(streamName(index));
    before.set(config.name, config.max_bytes);
    await jsm.streams.update(config.name, { max_bytes: Math.ceil(state.bytes / share) });
  }
  return async () => {
    for (const [name, bytes] of before) await jsm.streams.update(name, { max_bytes: bytes });
    await connection.close();
  };
}
