// The list of conversations.
import { useState } from "preact/hooks";
import type { SessionEntry } from "../../../client/api/objects.ts";
import { formatBadge, formatListTime } from "../base/format.ts";
import { locale, t } from "../base/prefs.ts";
import { addingId, addressOf, go } from "../base/route.ts";
import { useSource } from "../base/use-source.ts";
import type { Desk } from "../model/desk.ts";
import { pictureKindOf, titleOf } from "../model/titles.ts";
import { Avatar } from "../ui/avatar.tsx";
import { SearchField } from "../ui/fields.tsx";
import { Icon } from "../ui/icons.tsx";
import { MenuButton } from "../ui/menu.tsx";
import { Empty, Failed, Skeleton } from "../ui/notice.tsx";
import { VirtualList } from "../ui/virtual-list.tsx";
import { FoundMessages } from "./found-messages.tsx";
import { kindText } from "./kind-text.ts";
import { NewChat, type NewChatKind } from "./new-chat.tsx";

/** px; the same as in style/lists.css. */
const rowHeight = 72;
/** Conversations of a name that are shown above the messages. */
const maxFound = 20;

interface ChatsPaneProps {
  desk: Desk;
  openId: string | undefined;
}

export function ChatsPane({ desk, openId }: ChatsPaneProps) {
  const chats = useSource(desk.chats);
  useSource(desk.people);
  useSource(desk.presence);
  const [wanted, setWanted] = useState("");
  const [making, setMaking] = useState<NewChatKind>();
  const all = chats.list.filter(({ sessionType }) => sessionType !== "system");
  const words = wanted.trim().toLowerCase();
  const shown = words === "" ? all : all.filter((chat) => titleOf(desk, chat).toLowerCase().includes(words));
  const isEmpty = chats.state === "ready" && all.length === 0;
  return (
    <section class="list-pane" aria-label={t("chats.title")}>
      <header class="pane-header">
        <h1>{t("chats.title")}</h1>
        <MenuButton
          icon="compose"
          label={t("chats.new")}
          items={() => [
            { icon: "addPerson", text: t("chats.addFriend"), act: () => go("friends", addingId) },
            { icon: "group", text: t("chats.newGroup"), act: () => setMaking("group") },
            { icon: "model", text: t("chats.newModel"), act: () => setMaking("model") },
          ]}
        />
      </header>
      {all.length > 0 && <SearchField label={t("chats.search")} value={wanted} onInput={setWanted} />}
      {chats.state === "loading" && <Skeleton rows={8} />}
      {chats.state === "failed" && <Failed text={t("chats.failed")} onRetry={() => void chats.load()} />}
      {isEmpty && <Empty icon="chats" title={t("chats.empty")} lead={t("chats.empty.lead")} />}
      {words !== "" && (
        <div class="scroller">
          {shown.length > 0 && <h2 class="list-title">{t("chats.title")}</h2>}
          <ul class="people">
            {shown.slice(0, maxFound).map((chat) => (
              <li key={chat.sessionId} class="found-chat">
                <ChatRow desk={desk} chat={chat} isOpen={chat.sessionId === openId} />
              </li>
            ))}
          </ul>
          <h2 class="list-title">{t("thread.list")}</h2>
          <FoundMessages desk={desk} keyword={wanted.trim()} />
        </div>
      )}
      {words === "" && shown.length > 0 && (
        <VirtualList
          rows={shown}
          rowHeight={rowHeight}
          label={t("chats.title")}
          keyOf={({ sessionId }) => sessionId}
          render={(chat) => <ChatRow desk={desk} chat={chat} isOpen={chat.sessionId === openId} />}
        />
      )}
      {making && <NewChat desk={desk} kind={making} onClose={() => setMaking(undefined)} />}
    </section>
  );
}

function ChatRow({ desk, chat, isOpen }: { desk: Desk; chat: SessionEntry; isOpen: boolean }) {
  const { sessionId, sessionType, userId, avatar, lastMessage, isMuted, isPinned } = chat;
  const name = titleOf(desk, chat);
  const unread = desk.chats.unreadOf(chat);
  const mentions = desk.chats.mentionsOf(chat);
  const typing = desk.presence.typingIn(sessionId).length > 0;
  return (
    <a
      class={`chat-row${isOpen ? " open" : ""}`}
      href={addressOf("chats", sessionId)}
      aria-current={isOpen ? "true" : undefined}
      data-testid="chat-item"
      data-session={sessionId}
    >
      <Avatar
        id={userId ?? sessionId}
        name={name}
        src={avatar}
        kind={pictureKindOf(sessionType)}
        isOnline={desk.presence.isOnline(userId)}
      />
      <span class="chat-lines">
        <span class="chat-top">
          <b>{name}</b>
          {isMuted && <Icon name="mute" isSmall />}
          {lastMessage && <time>{formatListTime(locale(), lastMessage.timestamp, Date.now())}</time>}
        </span>
        <span class="chat-bottom">
          {typing ? <em>{t("thread.typing.you")}</em> : <span>{lineOfChat(desk, chat)}</span>}
          {isPinned && unread === 0 && <Icon name="pin" isSmall />}
          {mentions > 0 && (
            <i class="badge mention" title={t("chats.mention")}>
              @
            </i>
          )}
          {unread > 0 && (
            <i class={`badge${isMuted ? " muted" : ""}`} data-testid="unread-badge">
              <span aria-hidden="true">{formatBadge(unread)}</span>
              <span class="off-screen">{t("chats.unread", { n: unread })}</span>
            </i>
          )}
        </span>
      </span>
    </a>
  );
}

function lineOfChat(desk: Desk, { sessionType, lastMessage }: SessionEntry): string {
  if (!lastMessage) return "";
  const { senderId, contentType, content } = lastMessage;
  const isPlain = contentType === "text" || contentType === "assistant";
  const line = isPlain && content !== "" ? content : kindText(contentType);
  if (senderId === desk.userId) return t("chats.you") + line;
  if (sessionType !== "group") return line;
  const { name } = desk.people.get(senderId);
  return name === "" ? line : `${name}: ${line}`;
}
