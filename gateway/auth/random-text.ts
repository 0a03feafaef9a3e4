import type { Random } from "../../actors/runtime/ports.ts";

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Bytes from here on would make the first letters likelier than others. */
const unevenFrom = 256 - (256 % alphabet.length);

/** `length` letters and digits, each of them as likely as any other. */
export function randomText(random: Random, length: number): string {
  let text = "";
  while (text.length < length) {
    const bytes = Buffer.from(random.hex(length * 8), "hex");
    for (const byte of bytes) if (byte < unevenFrom && text.length < length) text += alphabet[byte % alphabet.length];
  }
  return text;
}
