// What can be done with a message.
import { showToast } from "../../../browser/kit/toasts.ts";
import type { SessionEntry } from "../../../client/api/objects.ts";
import type { Message } from "../../../client/base/wire.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import type { Unsent } from "../base/unsent.ts";
import type { Desk } from "../model/desk.ts";
import { textIn } from "../model/preview.ts";
import type { Thread } from "../model/thread.ts";
import type { Upload } from "../model/uploads.ts";
import type { MenuItem, QuickItem } from "../ui/menu.tsx";
import type { Writing } from "./composer.tsx";
import { quickEmoji, react } from "./reactions.tsx";
import { isEditable, isPinnable, isRecallable } from "./rights.ts";

interface Acted {
  readonly desk: Desk;
  readonly thread: Thread;
  readonly chat: SessionEntry | undefined;
  readonly message: Message;
  onWrite: (writing: Writing) => void;
  onForward: (message: Message) => void;
}

export function messageActs({ desk, thread, chat, message, onWrite, onForward }: Acted): MenuItem[] {
  const { messageId, senderId, senderName = "", sessionId, contentType } = message;
  const isOwn = senderId === desk.userId;
  const isModel = chat?.sessionType === "assistant";
  const text = textIn(message.content);
  const name = isOwn ? t("group.you") : desk.people.get(senderId).name || senderName;
  const items: (MenuItem | false)[] = [
    !isModel && {
      icon: "reply",
      text: t("message.reply"),
      testId: "act-reply",
      act: () => onWrite({ kind: "reply", to: message, name }),
    },
    !isModel && {
      icon: "forward",
      text: t("message.forward"),
      testId: "act-forward",
      act: () => onForward(message),
    },
    isPinnable(chat) && {
      icon: "pin",
      text: t(message.isPinned ? "message.unpin" : "message.pin"),
      testId: "act-pin",
      act: () => attempt(desk.client.api.messages.pin(messageId, message.isPinned !== true)),
    },
    text !== "" && { icon: "copy", text: t("message.copy"), act: () => void copy(text) },
    isOwn &&
      isEditable(message) && {
        icon: "edit",
        text: t("message.edit"),
        testId: "act-edit",
        act: () => onWrite({ kind: "edit", message }),
      },
    contentType === "assistant" && {
      icon: "refresh",
      text: t("message.regenerate"),
      testId: "act-regenerate",
      act: () => attempt(desk.client.api.assistants.regenerate(messageId)),
    },
    isRecallable(message, isOwn, chat) && {
      icon: "undo",
      text: t("message.recall"),
      testId: "act-recall",
      act: () => attempt(desk.client.recall(messageId, sessionId)),
    },
    {
      icon: "trash",
      text: t("message.delete"),
      testId: "act-delete",
      isDanger: true,
      act: () => attempt(desk.client.api.messages.remove(messageId).then(() => thread.remove([messageId]))),
    },
  ];
  return items.filter((item) => item !== false);
}

export function quickActs(desk: Desk, message: Message): QuickItem[] {
  return quickEmoji.map((emoji) => ({
    text: emoji,
    label: t("message.react", { emoji }),
    act: () => react(desk, message, emoji),
  }));
}

export function unsentActs(desk: Desk, { msgId, message }: Unsent): MenuItem[] {
  const text = textIn(message.content);
  return [
    { icon: "refresh", text: t("message.retry"), testId: "act-retry", act: () => desk.unsent.retry(msgId) },
    ...(text === "" ? [] : [{ icon: "copy", text: t("message.copy"), act: () => void copy(text) } as const]),
    { icon: "trash", text: t("message.discard"), isDanger: true, act: () => desk.unsent.discard(msgId) },
  ];
}

export function uploadActs(desk: Desk, { id, error }: Upload): MenuItem[] {
  const retry: MenuItem = { icon: "refresh", text: t("message.retry"), act: () => desk.uploads.retry(id) };
  const discard: MenuItem = {
    icon: "trash",
    text: t("message.discard"),
    isDanger: true,
    act: () => desk.uploads.discard(id),
  };
  return error ? [retry, discard] : [discard];
}

function attempt(work: Promise<unknown>): void {
  work.catch(showFailure);
}

async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    showToast(t("message.copied"));
  } catch {
    showToast(t("error.unexpected"), "error");
  }
}
