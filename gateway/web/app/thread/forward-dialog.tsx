// Sends a copy of a message to other conversations.
import { useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import type { Message } from "../../../client/base/wire.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { pictureKindOf, titleOf } from "../model/titles.ts";
import { Avatar } from "../ui/avatar.tsx";
import { FormDialog } from "../ui/dialog.tsx";
import { SearchField } from "../ui/fields.tsx";

interface ForwardDialogProps {
  desk: Desk;
  message: Message;
  onClose: () => void;
}

/** A message is forwarded to no more conversations at once. */
const maxTargets = 20;
const maxShown = 50;

export function ForwardDialog({ desk, message, onClose }: ForwardDialogProps) {
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const [wanted, setWanted] = useState("");
  const chats = desk.chats.list.filter(({ sessionType }) => sessionType === "single" || sessionType === "group");
  const shown = chats.filter((chat) => titleOf(desk, chat).toLowerCase().includes(wanted.trim().toLowerCase()));
  const [clientMsgId] = useState(() => crypto.getRandomValues(new Uint32Array(4)).join("-"));
  const send = async () => {
    if (chosen.length === 0) throw new Error(t("message.forward.none"));
    const targets = chosen.map((sessionId) => ({ sessionId }));
    const { results } = await desk.client.api.messages.forward({
      messageIds: [message.messageId],
      targets,
      clientMsgId,
    });
    const refused = results.filter((result) => !result.ok);
    for (const result of refused) if (!result.ok) showToast(result.message, "error");
    if (refused.length < results.length) showToast(t("message.forwarded"));
    onClose();
  };
  const toggle = (sessionId: string) => {
    if (chosen.includes(sessionId)) setChosen(chosen.filter((each) => each !== sessionId));
    else if (chosen.length < maxTargets) setChosen([...chosen, sessionId]);
  };
  return (
    <FormDialog title={t("message.forward")} submit={t("thread.send")} onClose={onClose} onSubmit={send}>
      <SearchField label={t("chats.search")} value={wanted} onInput={setWanted} isFirst />
      <fieldset class="pick">
        <legend class="off-screen">{t("chats.title")}</legend>
        <ul>
          {shown.slice(0, maxShown).map((chat) => (
            <li key={chat.sessionId}>
              <label data-testid="forward-target">
                <input
                  type="checkbox"
                  checked={chosen.includes(chat.sessionId)}
                  onChange={() => toggle(chat.sessionId)}
                />
                <Avatar
                  id={chat.userId ?? chat.sessionId}
                  name={titleOf(desk, chat)}
                  src={chat.avatar}
                  size="small"
                  kind={pictureKindOf(chat.sessionType)}
                />
                <span>{titleOf(desk, chat)}</span>
              </label>
            </li>
          ))}
        </ul>
      </fieldset>
    </FormDialog>
  );
}
