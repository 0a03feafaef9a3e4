// One open conversation: who it is with, its messages, and where the next one is written.
import { useEffect, useState } from "preact/hooks";
import type { Message, OutgoingMessage } from "../../../client/base/wire.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import { useSource } from "../base/use-source.ts";
import type { Desk } from "../model/desk.ts";
import { titleOf } from "../model/titles.ts";
import { Attach } from "./attach.tsx";
import { Composer, type Writing } from "./composer.tsx";
import { ForwardDialog } from "./forward-dialog.tsx";
import { MessageList } from "./message-list.tsx";
import { Pins } from "./pins.tsx";
import { canRecord, Recorder } from "./recorder.tsx";
import { isEditable } from "./rights.ts";
import { ThreadHeader } from "./thread-header.tsx";

/** Characters of one message, as the server counts them. */
const maxChars = { person: 5_000, model: 262_144 } as const;

interface ThreadPaneProps {
  desk: Desk;
  sessionId: string;
  /** The message to go to: one that was found. */
  messageId: string | undefined;
  /** The list of conversations does not stand beside the thread. */
  isAlone: boolean;
}

export function ThreadPane({ desk, sessionId, messageId, isAlone }: ThreadPaneProps) {
  const chats = useSource(desk.chats);
  const line = useSource(desk.line);
  const thread = useSource(desk.thread(sessionId));
  useSource(desk.people);
  const [writing, setWriting] = useState<Writing>({ kind: "new" });
  const [target, setTarget] = useState(messageId);
  const [forwarded, setForwarded] = useState<Message>();
  const chat = chats.find(sessionId);
  const isModel = chat?.sessionType === "assistant" || sessionId.startsWith("a_");
  const name = chat ? titleOf(desk, chat) : "";
  useEffect(() => {
    if (thread.state === "new" || thread.state === "failed") void thread.load();
  }, [thread]);
  useEffect(() => {
    if (messageId !== undefined) setTarget(messageId);
  }, [messageId]);
  const stopWriting = () => setWriting({ kind: "new" });

  const send = (text: string) => {
    if (writing.kind === "edit") {
      const { messageId } = writing.message;
      desk.client.edit(messageId, text, sessionId).catch(showFailure);
    } else desk.send(messageOf(sessionId, text, writing));
    stopWriting();
    if (thread.hasNewer) void thread.load();
  };
  const attach = (files: readonly File[]) => {
    if (!isModel) for (const file of files) void desk.uploads.add(sessionId, file);
  };
  const editLast = () => {
    const own = thread.messages.findLast((each) => each.senderId === desk.userId && isEditable(each));
    if (own) setWriting({ kind: "edit", message: own });
  };
  return (
    <>
      <ThreadHeader desk={desk} sessionId={sessionId} chat={chat} name={name} isAlone={isAlone} />
      {line.state.kind === "offline" && (
        <p class="offline-banner" role="status">
          {t("line.banner")}
        </p>
      )}
      {!isModel && <Pins desk={desk} sessionId={sessionId} onJump={setTarget} />}
      <MessageList
        {...{ desk, thread, chat, target }}
        onWrite={setWriting}
        onShown={() => setTarget(undefined)}
        onForward={setForwarded}
      />
      {forwarded && <ForwardDialog desk={desk} message={forwarded} onClose={() => setForwarded(undefined)} />}
      <Composer
        sessionId={sessionId}
        placeholder={isModel ? t("thread.placeholder.model") : t("thread.placeholder")}
        maxChars={isModel ? maxChars.model : maxChars.person}
        writing={writing}
        onLeave={stopWriting}
        onSend={send}
        onTyping={() => isModel || desk.typing(sessionId)}
        onEditLast={editLast}
        onFiles={attach}
      >
        {!isModel && <Attach onFiles={attach} />}
        {!isModel && canRecord() && (
          <Recorder onDone={(file, duration) => void desk.uploads.add(sessionId, file, { duration })} />
        )}
      </Composer>
    </>
  );
}

function messageOf(sessionId: string, text: string, writing: Writing): OutgoingMessage {
  const replyTo = writing.kind === "reply" ? { replyTo: writing.to.messageId } : {};
  return { sessionId, contentType: "text", content: text, ...replyTo };
}
