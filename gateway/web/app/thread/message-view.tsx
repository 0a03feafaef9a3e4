// A message of the history, in the words of the conversation that it stands in.
import type { SessionEntry } from "../../../client/api/objects.ts";
import type { Message } from "../../../client/base/wire.ts";
import { t } from "../base/prefs.ts";
import { kindText } from "../chats/kind-text.ts";
import type { Desk } from "../model/desk.ts";
import { isGone, textIn } from "../model/preview.ts";
import type { Thread } from "../model/thread.ts";
import { Icon } from "../ui/icons.tsx";
import { MessageContent } from "./content.tsx";
import { MessageRow } from "./message-row.tsx";
import { keyOf, Reactions } from "./reactions.tsx";
import type { Row } from "./rows.ts";
import { statusOf } from "./status.ts";

interface MessageViewProps {
  desk: Desk;
  thread: Thread;
  chat: SessionEntry | undefined;
  row: Extract<Row, { kind: "message" }>;
  onMenu: (at: { x: number; y: number }) => void;
  onJump: (to: Pick<Message, "messageId">) => void;
}

export function MessageView({ desk, thread, chat, row, onMenu, onJump }: MessageViewProps) {
  const { message, isFirst, isLast, key } = row;
  const { messageId, senderId, senderName = "", contentType, content, timestamp, editedAt } = message;
  const isOwn = senderId === desk.userId;
  const isGroup = chat?.sessionType === "group";
  const isModel = contentType === "assistant";
  const person = desk.people.get(senderId);
  if (isGone(message)) {
    const name = person.name || senderName;
    const text = isOwn ? t("thread.recalled.you") : t("thread.recalled.other", { name });
    return (
      <p class="notice-row" data-key={key} data-testid="message-gone">
        {message.status === "expired" ? t("kind.expired") : text}
      </p>
    );
  }
  if (contentType === "system") {
    return (
      <p class="notice-row" data-key={key}>
        {textIn(content) || kindText(contentType)}
      </p>
    );
  }
  const quoted = quotedOf(thread, message, desk);
  return (
    <MessageRow
      rowKey={key}
      messageId={messageId}
      isOwn={isOwn}
      isFirst={isFirst}
      isLast={isLast}
      status={isOwn && chat?.sessionType !== "assistant" ? statusOf(message, thread) : isOwn ? "sent" : undefined}
      readCount={isGroup ? thread.readCounts.get(messageId) : undefined}
      senderId={senderId}
      senderName={isGroup || isModel ? person.name || senderName : ""}
      senderAvatar={isGroup || isModel ? person.avatar : "none"}
      isModel={isModel}
      atMs={timestamp}
      isEdited={editedAt !== undefined}
      content={content}
      belowKey={`${quoted?.text} ${keyOf(message.reactions)}`}
      isPinned={message.isPinned === true}
      below={() => <Reactions desk={desk} message={message} />}
      draw={() => (
        <>
          {message.forwardFrom && (
            <p class="forwarded">
              <Icon name="forward" isSmall />
              {t("message.forwardedFrom", { name: message.forwardFrom.senderName })}
            </p>
          )}
          {quoted && <Quote {...quoted} onJump={() => onJump(quoted)} />}
          <MessageContent desk={desk} contentType={contentType} content={content} />
        </>
      )}
      onMenu={onMenu}
    />
  );
}

interface Quoted {
  readonly name: string;
  readonly text: string;
  readonly messageId: string;
}

/** The message that is answered: as the thread holds it, else as the server quotes it. */
function quotedOf(thread: Thread, { replyTo, quote, contentType }: Message, desk: Desk): Quoted | undefined {
  // The answer of a model always follows the message that it answers.
  if (replyTo === undefined || contentType === "assistant") return undefined;
  const held = thread.messages.find(({ messageId }) => messageId === replyTo);
  if (held) {
    const text = isGone(held) ? t("message.gone") : textIn(held.content) || kindText(held.contentType);
    return { name: nameIn(desk, held.senderId, held.senderName), text, messageId: replyTo };
  }
  if (!quote) return undefined;
  const text = quote.status !== undefined ? t("message.gone") : quote.content || kindText(quote.contentType);
  return { name: nameIn(desk, quote.senderId, quote.senderName), text, messageId: replyTo };
}

function nameIn(desk: Desk, userId: string, name = ""): string {
  return userId === desk.userId ? t("group.you") : desk.people.get(userId).name || name;
}

function Quote({ name, text, onJump }: Quoted & { onJump: () => void }) {
  return (
    <button type="button" class="quote" data-testid="quote" onClick={onJump}>
      <b>{name}</b>
      <span>{text}</span>
    </button>
  );
}
