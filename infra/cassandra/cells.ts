// Values as Cassandra's protocol has them. Made by hand: the driver's own encoders look every type up anew (2 µs a value).

export function int(value: number): Buffer {
  const cell = Buffer.allocUnsafe(4);
  cell.writeInt32BE(value);
  return cell;
}

export function bigint(value: number): Buffer {
  const cell = Buffer.allocUnsafe(8);
  cell.writeInt32BE(Math.floor(value / 0x1_0000_0000), 0);
  cell.writeUInt32BE(value % 0x1_0000_0000, 4);
  return cell;
}

export function double(value: number): Buffer {
  const cell = Buffer.allocUnsafe(8);
  cell.writeDoubleBE(value);
  return cell;
}

export function text(value: string): Buffer {
  return Buffer.from(value, "utf8");
}

/** Terms separated and surrounded by spaces, as a frozen set of texts: one cell. */
export function termSet(terms: string): Buffer {
  const texts = terms.split(" ").filter((term) => term !== "");
  let bytes = 4;
  for (const term of texts) bytes += 4 + Buffer.byteLength(term);
  const cell = Buffer.allocUnsafe(bytes);
  let at = cell.writeInt32BE(texts.length, 0);
  for (const term of texts) {
    const length = cell.write(term, at + 4);
    cell.writeInt32BE(length, at);
    at += 4 + length;
  }
  return cell;
}

/** What a column of type int can hold; a range may ask for more. */
export const intMax = 2 ** 31 - 1;
export function clampInt(value: number): Buffer {
  return int(Math.max(-1, Math.min(intMax, value)));
}

/** A partition key's bytes, as tokens are made of them. */
export function routingKey(parts: readonly Buffer[]): Buffer {
  if (parts.length === 1) return parts[0]!;
  return Buffer.concat(
    parts.flatMap((part) => {
      const length = Buffer.allocUnsafe(2);
      length.writeUInt16BE(part.length);
      return [length, part, Buffer.from([0])];
    }),
  );
}
