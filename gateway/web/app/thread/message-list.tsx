// The messages of a thread, from the oldest that is loaded to what is being written.
import { useEffect, useRef, useState } from "preact/hooks";
import type { SessionEntry } from "../../../client/api/objects.ts";
import type { Message } from "../../../client/base/wire.ts";
import { formatDay } from "../base/format.ts";
import { locale, t } from "../base/prefs.ts";
import { useSource } from "../base/source.ts";
import type { Desk } from "../model/desk.ts";
import type { Thread } from "../model/thread.ts";
import { IconButton } from "../ui/button.tsx";
import { Menu, type MenuItem } from "../ui/menu.tsx";
import { Empty, Failed, Skeleton } from "../ui/notice.tsx";
import type { Writing } from "./composer.tsx";
import { messageActs, unsentActs, uploadActs } from "./message-acts.ts";
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
}
interface OpenMenu {
  readonly at: { readonly x: number; readonly y: number };
  readonly items: readonly MenuItem[];
}

export function MessageList({ desk, thread, chat, onWrite }: MessageListProps) {
  const unsent = useSource(desk.unsent).of(thread.sessionId);
  const uploads = useSource(desk.uploads).of(thread.sessionId);
  const replies = useSource(desk.replies).of(thread.sessionId);
  const line = useSource(desk.line);
  const [menu, setMenu] = useState<OpenMenu>();
  const unreadAfter = useUnreadMark(desk, thread);
  const rows = rowsOf(thread.messages, thread.hasNewer ? [] : unsent, unreadAfter, desk.userId);
  const markRead = () => {
    if (document.visibilityState === "visible" && document.hasFocus()) desk.read(thread);
  };
  const { ref, isAway, onScroll, toEnd, show } = useThreadScroll({
    version:
      rows.length +
      uploads.length * 1_000 +
      replies.reduce((sum, { text }) => sum + text.length + 1, 0) +
      thread.messages.length,
    ownKey: uploads.at(-1)?.id ?? unsent.at(-1)?.msgId,
    onOlder: () => void thread.loadOlder(),
    onNewer: () => void thread.loadNewer(),
    onEnd: markRead,
  });
  useEffect(() => {
    if (!isAway) markRead();
  }, [line.state.kind]);
  useEffect(() => {
    const look = () => !isAway && markRead();
    addEventListener("focus", look);
    return () => removeEventListener("focus", look);
  }, [thread, isAway]);
  const jumpTo = async (message: Pick<Message, "seq">) => {
    await thread.jumpTo(message.seq);
    const target = thread.messages.find(({ seq }) => seq === message.seq);
    // After the rows are drawn.
    if (target) requestAnimationFrame(() => show(target.clientMsgId || target.messageId));
  };
  const drawRow = (row: Row) => {
    if (row.kind === "day") return <DayRow key={row.key} atMs={row.atMs} />;
    if (row.kind === "unread")
      return (
        <p key="unread" class="unread-line">
          {t("thread.unread")}
        </p>
      );
    if (row.kind === "unsent") {
      const items = unsentActs(desk, row.unsent);
      return <UnsentView key={row.key} desk={desk} row={row} onMenu={(at) => setMenu({ at, items })} />;
    }
    const onMenu = (at: OpenMenu["at"]) =>
      setMenu({ at, items: messageActs({ desk, thread, chat, message: row.message, onWrite }) });
    return <MessageView key={row.key} {...{ desk, thread, chat, row, onMenu }} onJump={(to) => void jumpTo(to)} />;
  };
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
          {rows.map(drawRow)}
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
      {menu && <Menu items={menu.items} at={menu.at} label={t("message.more")} onClose={() => setMenu(undefined)} />}
    </div>
  );
}

function DayRow({ atMs }: { atMs: number }) {
  return (
    <p class="day">
      <span>{formatDay(locale(), atMs, Date.now())}</span>
    </p>
  );
}

/** The read mark as it was when the thread was opened; 0: nothing was unread. */
function useUnreadMark(desk: Desk, thread: Thread): number {
  const mark = useRef<number>(undefined);
  if (mark.current === undefined) {
    const held = desk.client.replica.find(thread.sessionId);
    mark.current = held && held.unreadCount > 0 ? held.readSeq : 0;
  }
  return mark.current;
}
