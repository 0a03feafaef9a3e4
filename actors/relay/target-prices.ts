// The prices of one request: those of all targets that may answer are held, and the settle names that of the target that did.
import type { Hold, Settle } from "../account/contract.ts";
import type { Price } from "../account/price.ts";
import type { UpstreamTarget } from "../llm/contract.ts";
import type { Catalog } from "./ports.ts";

export interface TargetPrices {
  readonly held: Pick<Hold, "price" | "otherPrices">;
  /** Empty for the price that is held as the first one's. */
  namedFor(target: UpstreamTarget | undefined): Pick<Settle, "price">;
}

/** As they are now: a price that changes before the settle does not count. */
export function createTargetPrices(catalog: Catalog, targets: readonly UpstreamTarget[]): TargetPrices {
  const prices = targets.map((target) => catalog.find(target).price);
  const [price] = prices;
  const others = new Map<string, Price>();
  for (const each of prices) if (each && each.name !== price?.name) others.set(each.name, each);
  return {
    held: { ...(price && { price }), ...(others.size > 0 && { otherPrices: [...others.values()] }) },
    namedFor(target) {
      const at = target === undefined ? 0 : targets.indexOf(target);
      const name = prices[at]?.name;
      return name === price?.name ? {} : { price: name ?? null };
    },
  };
}
