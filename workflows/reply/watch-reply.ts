// How the worker of a reply learns that a user wants the reply to end, also while its upstream is silent.
import type { Actors } from "../../actors/runtime/actors.ts";
import { every, type Timer } from "../../actors/shared/sleep.ts";
import type { HeldReply } from "./open-reply.ts";
import { ReplyWriter } from "./writer.ts";

/** Calls when a user wants a reply to end: at most once, and possibly never, as the notification bus may lose a message. */
export interface StopSignals {
  listen(replyId: string, onStop: () => void): () => void;
}

interface WatchedReply {
  writer: ReplyWriter;
  stop: AbortSignal;
  /** To be called once, when the work is over. */
  end(): void;
}

/** How often a worker whose model is silent asks whether its reply is still wanted. */
const lookEveryMs = 2_000;

export function watchReply(
  { actors, timer, stops }: { actors: Actors; timer: Timer; stops: StopSignals },
  replyId: string,
  held: HeldReply,
): WatchedReply {
  const stop = new AbortController();
  const onStop = () => stop.abort(new Error("reply: stopped"));
  const writer = new ReplyWriter({ actors, timer, replyId, onStop }, held);
  const cancelListening = stops.listen(replyId, onStop);
  const cancelLooks = every(timer, lookEveryMs, () => void writer.look());
  const end = () => {
    cancelListening();
    cancelLooks();
  };
  return { writer, stop: stop.signal, end };
}
