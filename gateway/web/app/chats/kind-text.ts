import { t } from "../base/prefs.ts";
import { en, type TextKey } from "../text/en.ts";

/** What is shown for a message that is not text. A text without content was recalled or has expired. */
export function kindText(contentType: string): string {
  if (contentType === "text" || contentType === "assistant") return t("kind.gone");
  const key = `kind.${contentType}`;
  return t(Object.hasOwn(en, key) ? (key as TextKey) : "kind.other");
}
