// The page that the hash of the address names: #/logs?status=error.
import { useEffect, useState } from "preact/hooks";

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
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const follow = () => setHash(location.hash);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return readPlace(hash);
}

/** Changes the query of the page without another step in the browser's history; nothing when another page is shown by now. */
export function replacePlace(page: PageName, query: Record<string, string>): void {
  if (readPlace(location.hash).page !== page) return;
  history.replaceState(null, "", addressOf(page, query));
  dispatchEvent(new HashChangeEvent("hashchange"));
}
