// What a test file may need beside node: the servers of the stack, the official client for Python, a browser, and
// the programs for films.
import { serverNames } from "../../infra/stack/server-kind.ts";

export const needNames = [...serverNames, "python-openai", "chromium", "ffmpeg"] as const;
export type NeedName = (typeof needNames)[number];

/** What is needed is not on this machine and could not be installed. */
export class NeedMissingError extends Error {
  override name = "NeedMissingError";
}
