// Server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), cut whole from a stream of bytes. An event
// keeps the bytes that it came in, so that a relay passes it on unchanged; nothing is decoded before an event is whole, so that
// no character is broken.
import { joinBytes } from "../shared/join-bytes.ts";

export interface SseEvent {
  /** The event with the blank line at its end: as it came, or written anew when it had comments, carriage returns or a BOM. */
  readonly bytes: Uint8Array;
  /** The values of its `data` lines, joined by line feeds. */
  readonly data: string;
  /** The value of its `event` line. */
  readonly name: string | undefined;
}

export interface EventCutter {
  /** Calls back for each event that these bytes complete. The bytes must not change afterwards. Throws EventTooLarge. */
  push(bytes: Uint8Array): void;
  /** The stream ended: an event without its blank line counts when its last line is whole or JSON (upstreams forget the rest). */
  end(): void;
  /** Comments and events without data that were dropped. */
  readonly dropped: number;
}

export class EventTooLarge extends Error {
  override name = "EventTooLarge";
}

const lf = 10;
const cr = 13;
const colon = 58;
const decoder = new TextDecoder();
const encoder = new TextEncoder();

export function createEventCutter(
  onEvent: (event: SseEvent) => void,
  { maxEventBytes }: { maxEventBytes: number },
): EventCutter {
  return new Cutter(onEvent, maxEventBytes);
}

class Cutter implements EventCutter {
  dropped = 0;
  readonly #onEvent: (event: SseEvent) => void;
  readonly #maxEventBytes: number;
  /** Earlier parts of the event that is not whole yet. */
  #parts: Uint8Array[] = [];
  #partBytes = 0;
  #isAtLineStart = true;
  #isAfterCr = false;
  #isFirst = true;

  constructor(onEvent: (event: SseEvent) => void, maxEventBytes: number) {
    this.#onEvent = onEvent;
    this.#maxEventBytes = maxEventBytes;
  }

  push(bytes: Uint8Array): void {
    if (this.#isAfterCr || bytes.includes(cr)) this.#scanLines(bytes);
    else this.#scanFeeds(bytes);
  }

  end(): void {
    if (this.#partBytes > 0) this.#emit(new Uint8Array(0));
  }

  /** Bytes without carriage returns: line feeds are found by the engine's own search. */
  #scanFeeds(bytes: Uint8Array): void {
    let start = 0;
    let from = 0;
    for (;;) {
      const feed = bytes.indexOf(lf, from);
      if (feed === -1) break;
      const isBlank = feed === from ? this.#isAtLineStart : false;
      from = feed + 1;
      this.#isAtLineStart = true;
      if (!isBlank) continue;
      this.#emit(bytes.subarray(start, from));
      start = from;
    }
    if (from < bytes.length) this.#isAtLineStart = false;
    this.#keep(bytes, start);
  }

  #scanLines(bytes: Uint8Array): void {
    let start = 0;
    for (let i = 0; i < bytes.length; i += 1) {
      const byte = bytes[i];
      if (byte === lf && this.#isAfterCr) {
        this.#isAfterCr = false;
        // The second half of a line end; after a blank line it belongs to no event.
        if (i === start && this.#partBytes === 0) start = i + 1;
        continue;
      }
      this.#isAfterCr = byte === cr;
      if (byte !== lf && byte !== cr) {
        this.#isAtLineStart = false;
        continue;
      }
      if (this.#isAtLineStart) {
        this.#emit(bytes.subarray(start, i + 1));
        start = i + 1;
      }
      this.#isAtLineStart = true;
    }
    this.#keep(bytes, start);
  }

  #keep(bytes: Uint8Array, start: number): void {
    if (start === bytes.length) return;
    this.#parts.push(start === 0 ? bytes : bytes.subarray(start));
    this.#partBytes += bytes.length - start;
    if (this.#partBytes > this.#maxEventBytes)
      throw new EventTooLarge(`an event has over ${this.#maxEventBytes} bytes`);
  }

  #emit(last: Uint8Array): void {
    let bytes = this.#partBytes === 0 ? last : joinBytes([...this.#parts, last]);
    if (bytes.length > this.#maxEventBytes) throw new EventTooLarge(`an event has over ${this.#maxEventBytes} bytes`);
    if (this.#partBytes > 0) {
      this.#parts = [];
      this.#partBytes = 0;
    }
    if (this.#isFirst) {
      this.#isFirst = false;
      if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) bytes = bytes.subarray(3);
    }
    if (bytes.length === 1) return;
    const event = readEvent(bytes);
    if (event) this.#onEvent(event);
    else this.dropped += 1;
  }
}

/** Undefined for an event without data. */
function readEvent(bytes: Uint8Array): SseEvent | undefined {
  // Nearly every event: one line `data: …` and a blank one.
  const end = bytes.length - 2;
  if (isDataLine(bytes) && bytes.indexOf(lf) === end && bytes[end + 1] === lf && !bytes.includes(cr)) {
    const data = decoder.decode(bytes.subarray(bytes[5] === 32 ? 6 : 5, end));
    return data === "" ? undefined : { bytes, data, name: undefined };
  }
  return readLines(bytes);
}

function isDataLine(bytes: Uint8Array): boolean {
  return bytes[0] === 100 && bytes[1] === 97 && bytes[2] === 116 && bytes[3] === 97 && bytes[4] === colon;
}

function readLines(bytes: Uint8Array): SseEvent | undefined {
  const text = decoder.decode(bytes);
  const data: string[] = [];
  let name: string | undefined;
  let id: string | undefined;
  let isAsSent = text.endsWith("\n\n") && !text.includes("\r");
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (line === "") continue;
    const at = line.indexOf(":");
    const field = at === -1 ? line : line.slice(0, at);
    const value = at === -1 ? "" : line.slice(line[at + 1] === " " ? at + 2 : at + 1);
    if (field === "data") data.push(value);
    else if (field === "event") name = value;
    else if (field === "id") id = value;
    else isAsSent = false;
  }
  const joined = data.join("\n");
  if (joined === "") return undefined;
  return { bytes: isAsSent ? bytes : writeEvent({ data: joined, name, id }), data: joined, name };
}

export function writeEvent({ data, name, id }: { data: string; name?: string; id?: string }): Uint8Array {
  const head = `${id === undefined ? "" : `id: ${id}\n`}${name === undefined ? "" : `event: ${name}\n`}`;
  return encoder.encode(`${head}data: ${data.includes("\n") ? data.replaceAll("\n", "\ndata: ") : data}\n\n`);
}
