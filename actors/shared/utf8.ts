const encoder = new TextEncoder();
/** Nobody reads the bytes: to encode is ten times as fast as to count in a loop, and every record is counted. */
const scratch = new Uint8Array(8_192);

/** The number of bytes that `text` has in UTF-8. (A lone surrogate is encoded as U+FFFD: three bytes.) */
export function utf8Length(text: string): number {
  let { read, written: bytes } = encoder.encodeInto(text, scratch);
  while (read < text.length) {
    const part = encoder.encodeInto(text.slice(read), scratch);
    read += part.read;
    bytes += part.written;
  }
  return bytes;
}
