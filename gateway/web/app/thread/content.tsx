// What a message says.
import type { ComponentChildren } from "preact";
import { t } from "../base/prefs.ts";
import { kindText } from "../chats/kind-text.ts";
import type { Desk } from "../model/desk.ts";
import { textIn } from "../model/preview.ts";
import { LinkedText } from "../ui/linked-text.tsx";
import { Markdown } from "../ui/markdown.tsx";
import { FileMessage, ImageMessage, VideoMessage } from "./media.tsx";
import type { FileContent } from "./use-picture.ts";
import { VoiceMessage } from "./voice.tsx";

interface MessageContentProps {
  desk: Desk;
  contentType: string;
  content: unknown;
}

const media = { image: ImageMessage, video: VideoMessage, voice: VoiceMessage, file: FileMessage } as const;

export function MessageContent({ desk, contentType, content }: MessageContentProps): ComponentChildren {
  if (contentType === "assistant") return <ModelAnswer content={content} />;
  const file = (content ?? {}) as FileContent;
  if (Object.hasOwn(media, contentType) && file.fileId !== undefined) {
    const Media = media[contentType as keyof typeof media];
    return <Media desk={desk} content={file} />;
  }
  const text = textIn(content);
  if (contentType === "text" || text !== "") return <LinkedText text={text} />;
  return <span class="quiet">{kindText(contentType)}</span>;
}

function ModelAnswer({ content }: { content: unknown }) {
  const answer = (content ?? {}) as { text?: string; status?: string; error?: { message?: string } };
  const { text = "", status, error } = answer;
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
