// Takes almost all room from the journal's streams, and gives it back, as when an operator enlarges them too late.
import { connectNats } from "../../infra/nats/connection.ts";
import { manageJetStream } from "../../infra/nats/jetstream.ts";
import { streamName } from "../../infra/nats/journal-streams.ts";
import { silentLog } from "../support/silent-log.ts";

/**
 * A request is repeated for this time, because a stream may have no leader at the moment. A stream whose room cannot be taken
 * keeps it.
 */
const patienceMs = { take: 5_000, giveBack: 60_000 };
const pauseMs = 500;

/** Shrinks every stream so that `share` of its size is in use. The returned function restores the sizes. */
export async function takeRoom(urls: readonly string[], streams: number, share: number): Promise<() => Promise<void>> {
  const connection = await connectNats({ urls, name: "operator", log: silentLog });
  const jsm = await manageJetStream(connection);
  const before = new Map<string, number>();
  for (let index = 0; index < streams; index += 1) {
    const take = async () => {
      const { config, state } = await jsm.streams.info(streamName(index));
      before.set(config.name, Math.max(config.max_bytes, before.get(config.name) ?? 0));
      await jsm.streams.update(config.name, { max_bytes: Math.ceil(state.bytes / share) });
    };
    await patiently(take, patienceMs.take).catch(() => {});
  }
  return async () => {
    for (const [name, bytes] of before) {
      await patiently(() => jsm.streams.update(name, { max_bytes: bytes }), patienceMs.giveBack);
    }
    await connection.close();
  };
}

async function patiently<T>(act: () => Promise<T>, forMs: number): Promise<T> {
  const endMs = performance.now() + forMs;
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (performance.now() > endMs) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
