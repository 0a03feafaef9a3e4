// The form of responses as clients get them: one id, this server's, in whatever the upstream writes.

import type { Chunk } from "../../actors/llm/chunk.ts";
import type { Failure } from "../../actors/llm/failure.ts";
import type { ResponsesReader } from "../../actors/llm/responses-reader.ts";
import { type SseEvent, writeEvent } from "../../actors/llm/sse.ts";
import { errorOfFailure } from "./errors.ts";
import type { StreamFormat } from "./stream-sink.ts";

interface FormattedEvent {
  seq: number;
  bytes: Uint8Array;
}

interface ResponseFormat extends StreamFormat {
  /** `text` with this server's id. */
  named(text: string): string;
}

/** `onEvent` gets every event that the client gets. */
export function responseFormat(
  id: string,
  reader: () => ResponsesReader,
  onEvent: (event: FormattedEvent) => void = () => {},
): ResponseFormat {
  let seq = -1;
  const named = (text: string): string => {
    const { upstreamId } = reader();
    return upstreamId === undefined || upstreamId === id ? text : text.replaceAll(`"${upstreamId}"`, `"${id}"`);
  };
  return {
    needsDone: false,
    named,
    rewrite(event: SseEvent, chunk: Chunk | undefined) {
      // Without JSON: a picture, which names no response.
      const data = chunk ? named(event.data) : event.data;
      const given = chunk?.sequence_number;
      seq = typeof given === "number" ? given : seq + 1;
      const bytes = data === event.data ? event.bytes : writeEvent({ data, ...(event.name && { name: event.name }) });
      onEvent({ seq, bytes });
      return bytes;
    },
    failure(failure: Failure) {
      const { code, message, param } = errorOfFailure(failure);
      seq += 1;
      const data = JSON.stringify({
        type: "error",
        code: code ?? "server_error",
        message,
        param,
        sequence_number: seq,
      });
      const bytes = writeEvent({ name: "error", data });
      onEvent({ seq, bytes });
      return bytes;
    },
  };
}
