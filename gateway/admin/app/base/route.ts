// The page that the hash of the address names: #/logs?status=error.
import { useHash } from "../../../browser/kit/hash.ts";

export const pageNames = ["dashboard", "keys", "tokens", "logs", "settings"] as const;
export type PageName = (typeof pageNames)[number];

export interface Place {
  page: PageName;
  query: URLSearchParams;
}

function readPlace(hash: string): Place {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { page: pageNames.find((name) => name === path) ?? "dashboard", query: new URLSearchParams(query) };
}

export function addressOf(page: PageName, query: Record<string, string> = {}): string {
  const text = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString();
  return `#/${page === "dashboard" ? "" : page}${text === "" ? "" : `?${text}`}`;
}

export function usePlace(): Place {
  return useHash(readPlace);
}

/** Changes the query of the page without another step in the browser's history; nothing when another page is shown by now. */
export function replacePlace(page: PageName, query: Record<string, string>): void {
  if (readPlace(location.hash).page !== page) return;
  history.replaceState(null, "", addressOf(page, query));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
