// What a message says.
import type { ComponentChildren } from "preact";
import { t } from "../base/prefs.ts";
import { kindText } from "../chats/kind-text.ts";
import { textIn } from "../model/preview.ts";
import { LinkedText } from "../ui/linked-text.tsx";
import { Markdown } from "../ui/markdown.tsx";

export function drawContent(contentType: string, content: unknown): ComponentChildren {
  if (contentType === "assistant") return <ModelAnswer content={content} />;
  const text = textIn(content);
  if (contentType === "text" || text !== "") return <LinkedText text={text} />;
  return <span class="quiet">{kindText(contentType)}</span>;
}

function ModelAnswer({ content }: { content: unknown }) {
  const {
    text = "",
    status,
    error,
  } = (content ?? {}) as { text?: string; status?: string; error?: { message?: string } };
  return (
    <>
      {text !== "" && <Markdown text={text} />}
      {status === "stopped" && <p class="model-note">{t("thread.model.stopped")}</p>}
      {status === "failed" && (
        <p class="model-note bad" role="alert">
          {t("thread.model.failed", { reason: error?.message ?? "" })}
        </p>
      )}
    </>
  );
}
