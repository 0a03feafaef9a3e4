// The type under which a file that is no picture is kept: its content's, or, where the content shows none, what its owner says
// when no content of that type would show it.
import type { FileView } from "../../actors/file/contract.ts";
import { DomainError } from "../../actors/shared/errors.ts";

const unknown = "application/octet-stream";
/** Types whose content has no mark. */
const plain = /^(text\/[a-z0-9.+-]{1,60}|application\/(json|xml|javascript|x-sh|x-yaml|toml|sql|graphql))$/;
/** Voice notes of browsers are films without a picture, by their container. */
const voiceContainers = new Set(["video/mp4", "video/webm", "video/ogg", "video/3gpp", "application/ogg"]);

/** Throws file.type_refused. `shown`: the content's type. */
export function mimeOf({ type, declaredMime = "" }: Pick<FileView, "type" | "declaredMime">, shown?: string): string {
  const declared = declaredMime.toLowerCase().split(";")[0]?.trim() ?? "";
  if (type === "chat_video") {
    if (shown?.startsWith("video/")) return shown;
    throw refused(shown);
  }
  if (type === "chat_voice") {
    if (shown?.startsWith("audio/")) return shown;
    if (shown === undefined || !voiceContainers.has(shown)) throw refused(shown);
    return shown.replace(/^(video|application)/, "audio");
  }
  return shown ?? (plain.test(declared) ? declared : unknown);
}

function refused(shown: string | undefined): DomainError {
  return new DomainError("file.type_refused", { details: { type: shown ?? "unknown" } });
}
