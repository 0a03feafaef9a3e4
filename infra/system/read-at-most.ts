type Source = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** The pieces of a source. Throws the error of `tooLarge` in place of the piece that exceeds `maxBytes`, and reads no further. */
export async function* piecesAtMost(
  source: Source,
  maxBytes: number,
  tooLarge: () => Error,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const piece of source) {
    size += piece.length;
    if (size > maxBytes) throw tooLarge();
    yield piece;
  }
}

/** All bytes of a source, as `piecesAtMost` gives them. */
export async function readAtMost(source: Source, maxBytes: number, tooLarge: () => Error): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesAtMost(source, maxBytes, tooLarge)) pieces.push(piece);
  return Buffer.concat(pieces);
}
