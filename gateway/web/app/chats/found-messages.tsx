// Messages of all conversations that contain the searched text.
import { useEffect, useState } from "preact/hooks";
import { Notice } from "../../../browser/kit/notice.tsx";
import type { Message } from "../../../client/base/wire.ts";
import { explain } from "../base/explain.ts";
import { formatListTime } from "../base/format.ts";
import { locale, t } from "../base/prefs.ts";
import { addressOf } from "../base/route.ts";
import type { Desk } from "../model/desk.ts";
import { textIn } from "../model/preview.ts";
import { titleOf } from "../model/titles.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Skeleton } from "../ui/notice.tsx";
import { kindText } from "./kind-text.ts";

interface FoundMessagesProps {
  desk: Desk;
  keyword: string;
}

const pauseMs = 300;
const limit = 30;
/** Of the text before the first hit. */
const charsBefore = 24;

export function FoundMessages({ desk, keyword }: FoundMessagesProps) {
  const [found, setFound] = useState<readonly Message[]>();
  const [error, setError] = useState<string>();
  useEffect(() => {
    let isWanted = true;
    setFound(undefined);
    setError(undefined);
    const timer = setTimeout(() => {
      desk.client.api.messages.search({ keyword, limit }).then(
        ({ messages }) => isWanted && setFound(messages),
        (thrown: unknown) => isWanted && setError(explain(thrown)),
      );
    }, pauseMs);
    return () => {
      isWanted = false;
      clearTimeout(timer);
    };
  }, [keyword]);
  if (error !== undefined) return <Notice kind="error">{error}</Notice>;
  if (!found) return <Skeleton rows={3} />;
  if (found.length === 0) return <p class="list-hint">{t("chats.noMessage")}</p>;
  return (
    <ul class="people">
      {found.map((message) => (
        <FoundMessage key={message.messageId} desk={desk} message={message} keyword={keyword} />
      ))}
    </ul>
  );
}

function FoundMessage({ desk, message, keyword }: { desk: Desk; message: Message; keyword: string }) {
  const { sessionId, messageId, contentType, content, timestamp, senderName = "" } = message;
  const chat = desk.chats.find(sessionId);
  const name = chat ? titleOf(desk, chat) : senderName;
  const text = textIn(content) || fileNameIn(content) || kindText(contentType);
  return (
    <li>
      <a class="chat-row found" href={addressOf("chats", sessionId, messageId)} data-testid="found-message">
        <Avatar id={chat?.userId ?? sessionId} name={name} src={chat?.avatar} size="small" />
        <span class="chat-lines">
          <span class="chat-top">
            <b>{name}</b>
            <time>{formatListTime(locale(), timestamp, Date.now())}</time>
          </span>
          <span class="chat-bottom">
            <span>{around(text, keyword)}</span>
          </span>
        </span>
      </a>
    </li>
  );
}

/** The text from shortly before the first hit on. */
function around(text: string, keyword: string): string {
  const at = text.toLowerCase().indexOf(keyword.toLowerCase());
  return at > charsBefore ? `…${text.slice(at - charsBefore)}` : text;
}

function fileNameIn(content: unknown): string {
  const { fileName } = (content ?? {}) as { fileName?: unknown };
  return typeof fileName === "string" ? fileName : "";
}
