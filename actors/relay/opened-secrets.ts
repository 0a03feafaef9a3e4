// The keys that requests were made with last stay open: opening one costs more than the rest of choosing an upstream.
import type { Secrets } from "../llm/contract.ts";
import { BoundedMap } from "../shared/bounded-map.ts";

/** Keys that stay open; then the oldest is opened again when it is needed. */
const maxOpened = 1_000;

export function rememberOpened(secrets: Secrets): Secrets {
  const opened = new BoundedMap<string, string>(maxOpened);
  return {
    seal: (plain) => secrets.seal(plain),
    open(sealed) {
      const known = opened.get(sealed);
      if (known !== undefined) return known;
      const plain = secrets.open(sealed);
      opened.set(sealed, plain);
      return plain;
    },
  };
}
