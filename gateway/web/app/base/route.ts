// The place that the hash of the address names: #/chats/s_1_2, #/friends, #/register.
import { useEffect, useState } from "preact/hooks";

export const sections = ["chats", "friends", "settings"] as const;
export type Section = (typeof sections)[number];

export interface Place {
  readonly section: Section;
  /** Of a section: the open conversation. */
  readonly id: string | undefined;
}

function readPlace(hash: string): Place {
  const [section = "", id] = hash.replace(/^#\/?/, "").split("/", 2);
  return { section: sections.find((name) => name === section) ?? "chats", id: id ? decodeURIComponent(id) : undefined };
}

export function addressOf(section: Section, id?: string): string {
  return id === undefined ? `#/${section}` : `#/${section}/${encodeURIComponent(id)}`;
}

/** In the section of friends: somebody is looked for. */
export const addingId = "add";

/** A step that the browser's "back" undoes. */
export function go(section: Section, id?: string): void {
  location.hash = addressOf(section, id);
}

export function usePlace(): Place {
  const [place, setPlace] = useState(() => readPlace(location.hash));
  useEffect(() => {
    const read = () => setPlace(readPlace(location.hash));
    addEventListener("hashchange", read);
    return () => removeEventListener("hashchange", read);
  }, []);
  return place;
}
