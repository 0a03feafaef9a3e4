import type { SessionEntry } from "../../../client/api/objects.ts";
import type { People } from "./people.ts";

/** The name of a conversation: of a pair the name that the user gave the other one, or the other one's own. */
export function titleOf(
  { people }: { people: People },
  { sessionType, userId, name, sessionId }: SessionEntry,
): string {
  if (sessionType === "single" && userId !== undefined) return people.get(userId).name || name;
  return name || sessionId;
}

/** What the picture of a conversation stands for. */
export function pictureKindOf(sessionType: SessionEntry["sessionType"] | undefined): "user" | "group" | "model" {
  if (sessionType === "assistant") return "model";
  return sessionType === "group" ? "group" : "user";
}
