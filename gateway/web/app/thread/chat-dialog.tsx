// Dialogs that ask before the user clears, removes, deletes or renames a conversation.
import { useState } from "preact/hooks";
import type { SessionEntry } from "../../../client/api/objects.ts";
import { t } from "../base/prefs.ts";
import { go } from "../base/route.ts";
import type { Desk } from "../model/desk.ts";
import { FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";

export type ChatAct = "clear" | "remove" | "delete" | "rename";

interface ChatDialogProps {
  desk: Desk;
  chat: SessionEntry;
  act: ChatAct;
  onClose: () => void;
}

export function ChatDialog({ desk, chat, act, onClose }: ChatDialogProps) {
  const { sessionId, name } = chat;
  const { sessions } = desk.client.api;
  const [title, setTitle] = useState(name);
  const perform = async () => {
    if (act === "clear") {
      await sessions.clear(sessionId);
      desk.thread(sessionId).remove([], Number.MAX_SAFE_INTEGER);
    } else if (act === "rename") await sessions.rename(sessionId, title.trim());
    else {
      await sessions.remove(sessionId);
      desk.chats.drop(sessionId);
      go("chats");
    }
    onClose();
    await desk.chats.load();
  };
  if (act === "rename") {
    return (
      <FormDialog title={t("chat.rename")} submit={t("do.save")} onClose={onClose} onSubmit={perform}>
        <TextField label={t("chat.title")} value={title} onInput={setTitle} maxLength={100} isFirst />
      </FormDialog>
    );
  }
  return (
    <FormDialog
      title={t(`chat.${act}`)}
      submit={t(`chat.${act}`)}
      isDanger={act !== "remove"}
      onClose={onClose}
      onSubmit={perform}
    >
      <p>{t(act === "remove" ? "chat.remove.sure" : `chat.${act}.sure`)}</p>
    </FormDialog>
  );
}
