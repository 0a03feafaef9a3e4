/** Bytes of a text in UTF-8, without encoding it: what stands in a log or a frame is limited in bytes, not in letters. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    // One of a pair of surrogates stands for two of four bytes.
    if (unit < 0x800 || (unit >= 0xd800 && unit < 0xe000)) bytes += 1;
    else bytes += 2;
  }
  return bytes;
}
