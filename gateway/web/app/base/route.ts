// The place that the hash of the address names: #/chats/s_1_2, #/friends/add, #/settings.
import { useHash } from "../../../browser/kit/hash.ts";

export const sections = ["chats", "friends", "settings"] as const;
export type Section = (typeof sections)[number];

export interface Place {
  readonly section: Section;
  /** Of a section: the open conversation. */
  readonly id: string | undefined;
  /** Of a conversation: the message to go to. */
  readonly messageId: string | undefined;
}

function readPlace(hash: string): Place {
  const [section = "", id, messageId] = hash.replace(/^#\/?/, "").split("/", 3);
  const name = sections.find((each) => each === section) ?? "chats";
  return { section: name, id: id ? decodeURIComponent(id) : undefined, messageId };
}

export function addressOf(section: Section, id?: string, messageId?: string): string {
  return ["#", section, id && encodeURIComponent(id), messageId].filter((part) => part !== undefined).join("/");
}

/** In the section of friends: the search for a user is open. */
export const addingId = "add";

/** A step that the browser's "back" undoes. */
export function go(section: Section, id?: string): void {
  location.hash = addressOf(section, id);
}

export function usePlace(): Place {
  return useHash(readPlace);
}
