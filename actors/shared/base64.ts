// Bytes as text, for snapshots. `btoa` and `atob` are globals of browsers and Node alike.

/** Characters made at once: more arguments than this overflow the stack of `String.fromCharCode`. */
const chunkBytes = 8_192;

/** Without padding. */
export function encodeBase64(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let i = 0; i < bytes.length; i += chunkBytes) {
    // `apply` reads the bytes as they are; a spread would iterate over them.
    parts.push(String.fromCharCode.apply(undefined, bytes.subarray(i, i + chunkBytes) as unknown as number[]));
  }
  return btoa(parts.join("")).replace(/=+$/, "");
}

/** With padding or without. */
export function decodeBase64(text: string): Uint8Array {
  const chars = atob(text);
  const bytes = new Uint8Array(chars.length);
  for (let i = 0; i < chars.length; i += 1) bytes[i] = chars.charCodeAt(i);
  return bytes;
}
