// The messages of a thread, from the oldest that is loaded to what is being written.
import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionEntry } from "../../../client/api/objects.ts";
import type { Message } from "../../../client/base/wire.ts";
import { showFailure } from "../base/explain.ts";
import { formatDay } from "../base/format.ts";
import { locale, t } from "../base/prefs.ts";
import { useSource } from "../base/use-source.ts";
import type { Desk } from "../model/desk.ts";
import type { Thread } from "../model/thread.ts";
import { IconButton } from "../ui/button.tsx";
import { Menu, type MenuItem, type QuickItem } from "../ui/menu.tsx";
import { Empty, Failed, Skeleton } from "../ui/notice.tsx";
import type { Writing } from "./composer.tsx";
import { messageActs, quickActs, unsentActs, uploadActs } from "./message-acts.ts";
import { MessageView } from "./message-view.tsx";
import { ReplyView } from "./reply-view.tsx";
import { type Row, rowsOf } from "./rows.ts";
import { useThreadScroll } from "./scroll.ts";
import { UnsentView } from "./unsent-view.tsx";
import { UploadView } from "./upload-view.tsx";

interface MessageListProps {
  desk: Desk;
  thread: Thread;
  chat: SessionEntry | undefined;
  onWrite: (writing: Writing) => void;
  /** A message to go to; `onShown` is called when the thread goes. */
  target: string | undefined;
  onShown: () => void;
  onForward: (message: Message) => void;
}
interface OpenMenu {
  readonly at: { readonly x: number; readonly y: number };
  readonly items: readonly MenuItem[];
  readonly quick?: readonly QuickItem[];
}

export function MessageList(props: MessageListProps) {
  const { desk, thread, chat, onWrite, target, onShown, onForward } = props;
  const unsent = useSource(desk.unsent).of(thread.sessionId);
  const uploads = useSource(desk.uploads).of(thread.sessionId);
  const replies = useSource(desk.replies).of(thread.sessionId);
  const [menu, setMenu] = useState<OpenMenu>();
  const unreadAfter = useUnreadMark(desk, thread);
  const rows = rowsOf(thread.messages, thread.hasNewer ? [] : unsent, unreadAfter, desk.userId);
  const { ref, isAway, onScroll, toEnd, show } = useThreadScroll({
    version:
      rows.length +
      uploads.length * 1_000 +
      replies.reduce((sum, { text }) => sum + text.length + 1, 0) +
      thread.messages.length,
    ownKey: uploads.at(-1)?.id ?? unsent.at(-1)?.msgId,
    onOlder: () => void thread.loadOlder(),
    onNewer: () => void thread.loadNewer(),
    onEnd: () => markRead(desk, thread),
  });
  useReading(desk, thread, isAway);
  const jumpTo = useJump(thread, target, onShown, show);
  const isEmpty = thread.state === "ready" && rows.length + replies.length + uploads.length === 0;
  return (
    <div class="messages-box">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard */}
      <div ref={ref} class="messages" onScroll={onScroll} role="log" aria-label={t("thread.list")} tabIndex={0}>
        <div class="messages-inner">
          {thread.state === "loading" && <Skeleton rows={6} />}
          {thread.state === "failed" && <Failed text={t("thread.failed")} onRetry={() => void thread.load()} />}
          {isEmpty && <Empty icon="chats" title={t("thread.empty")} lead={t("thread.empty.lead")} />}
          {thread.isLoadingOlder && <p class="older">{t("thread.older")}</p>}
          {rows.map((row) => (
            <RowView
              key={row.key}
              {...{ desk, thread, chat, row, onWrite, onForward }}
              onMenu={setMenu}
              onJump={jumpTo}
            />
          ))}
          {uploads.map((upload) => (
            <UploadView
              key={upload.id}
              desk={desk}
              upload={upload}
              onMenu={(at) => setMenu({ at, items: uploadActs(desk, upload) })}
            />
          ))}
          {replies.map((reply) => (
            <ReplyView key={reply.replyId} desk={desk} reply={reply} />
          ))}
        </div>
      </div>
      {(isAway || thread.hasNewer) && (
        <div class="to-end">
          <IconButton
            icon="down"
            label={t("thread.toEnd")}
            onClick={() => (thread.hasNewer ? void thread.load().then(toEnd) : toEnd())}
          />
        </div>
      )}
      {menu && (
        <Menu
          items={menu.items}
          quick={menu.quick}
          at={menu.at}
          label={t("message.more")}
          onClose={() => setMenu(undefined)}
        />
      )}
    </div>
  );
}

interface RowViewProps extends Pick<MessageListProps, "desk" | "thread" | "chat" | "onWrite" | "onForward"> {
  row: Row;
  onMenu: (menu: OpenMenu) => void;
  onJump: (to: Pick<Message, "messageId">) => Promise<void>;
}

function RowView({ desk, thread, chat, row, onWrite, onForward, onMenu, onJump }: RowViewProps) {
  if (row.kind === "day") return <DayRow atMs={row.atMs} />;
  if (row.kind === "unread") return <p class="unread-line">{t("thread.unread")}</p>;
  if (row.kind === "unsent") {
    return <UnsentView desk={desk} row={row} onMenu={(at) => onMenu({ at, items: unsentActs(desk, row.unsent) })} />;
  }
  const { message } = row;
  const open = (at: OpenMenu["at"]) =>
    onMenu({
      at,
      items: messageActs({ desk, thread, chat, message, onWrite, onForward }),
      quick: chat?.sessionType === "assistant" ? [] : quickActs(desk, message),
    });
  return <MessageView {...{ desk, thread, chat, row }} onMenu={open} onJump={(to) => void onJump(to)} />;
}

function markRead(desk: Desk, thread: Thread): void {
  if (document.visibilityState === "visible" && document.hasFocus()) desk.read(thread);
}

/** Marks the thread as read when the user looks at the page again, and when the connection is back. */
function useReading(desk: Desk, thread: Thread, isAway: boolean): void {
  const { kind } = useSource(desk.line).state;
  useEffect(() => {
    if (!isAway) markRead(desk, thread);
  }, [kind]);
  useEffect(() => {
    const look = () => {
      if (!isAway) markRead(desk, thread);
    };
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, [thread, isAway]);
}

/** Goes to `target` at once, and returns what goes to any message. A message that is not held is loaded with its neighbours. */
function useJump(thread: Thread, target: string | undefined, onShown: () => void, show: (key: string) => boolean) {
  const jumpTo = async ({ messageId }: Pick<Message, "messageId">) => {
    try {
      await thread.jumpTo(messageId);
    } catch (thrown) {
      return showFailure(thrown);
    }
    const found = thread.messages.find((each) => each.messageId === messageId);
    // After the rows are drawn.
    if (found) requestAnimationFrame(() => show(found.clientMsgId || found.messageId));
  };
  useEffect(() => {
    if (target === undefined) return;
    onShown();
    void jumpTo({ messageId: target });
  }, [target]);
  return jumpTo;
}

function DayRow({ atMs }: { atMs: number }) {
  return (
    <p class="day">
      <span>{formatDay(locale(), atMs, Date.now())}</span>
    </p>
  );
}

/** The read mark as it was when the thread was opened; undefined: nothing was unread. */
function useUnreadMark(desk: Desk, thread: Thread): number | undefined {
  const mark = useRef<{ seq: number | undefined }>(undefined);
  const held = desk.client.replica.find(thread.sessionId);
  mark.current ??= { seq: held && held.unreadCount > 0 ? held.readSeq : undefined };
  return mark.current.seq;
}
