// The dialogs that begin a conversation: with a group, with a model.
import { useEffect, useRef, useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import type { Assistant } from "../../../client/api/objects.ts";
import { explain, showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import { go } from "../base/route.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Dialog, FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";
import { Empty, Failed, Skeleton } from "../ui/notice.tsx";
import { PickFriends } from "./pick-friends.tsx";

export type NewChatKind = "group" | "model";

interface NewChatProps {
  desk: Desk;
  kind: NewChatKind;
  onClose: () => void;
}

export function NewChat({ desk, kind, onClose }: NewChatProps) {
  return kind === "group" ? <NewGroup desk={desk} onClose={onClose} /> : <NewModel desk={desk} onClose={onClose} />;
}

type DialogProps = Omit<NewChatProps, "kind">;

function NewGroup({ desk, onClose }: DialogProps) {
  const [name, setName] = useState("");
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const create = async () => {
    if (name.trim() === "") throw new Error(t("group.nameMissing"));
    if (chosen.length === 0) throw new Error(t("group.none"));
    const { sessionId, pendingIds = [] } = await desk.client.api.groups.create({
      name: name.trim(),
      memberIds: chosen,
    });
    if (pendingIds.length > 0) showToast(t("group.pending", { n: pendingIds.length }));
    await desk.chats.load();
    onClose();
    go("chats", sessionId);
  };
  return (
    <FormDialog title={t("group.new")} submit={t("group.create")} onClose={onClose} onSubmit={create}>
      <TextField label={t("group.name")} value={name} onInput={setName} maxLength={50} isFirst testId="group-name" />
      <PickFriends desk={desk} chosen={chosen} onChange={setChosen} />
    </FormDialog>
  );
}

function NewModel({ desk, onClose }: DialogProps) {
  const [models, setModels] = useState<readonly Assistant[]>();
  const [error, setError] = useState<string>();
  const load = () => {
    setError(undefined);
    desk.client.api.assistants.list().then(setModels, (thrown: unknown) => setError(explain(thrown)));
  };
  useEffect(load, []);
  const isOpening = useRef(false);
  const open = async (assistantId: string) => {
    // A second click, or Enter, would make a second chat.
    if (isOpening.current) return;
    isOpening.current = true;
    try {
      const entry = await desk.client.api.sessions.openChat(assistantId);
      desk.chats.add(entry);
      onClose();
      go("chats", entry.sessionId);
    } catch (thrown) {
      showFailure(thrown);
      isOpening.current = false;
    }
  };
  return (
    <Dialog title={t("models.title")} onClose={onClose}>
      <div class="dialog-body">
        {error !== undefined && <Failed text={error} onRetry={load} />}
        {!models && error === undefined && <Skeleton rows={3} />}
        {models?.length === 0 && <Empty icon="model" title={t("models.none")} lead={t("models.none.lead")} />}
        <ul class="choices">
          {models?.map(({ assistantId, name, model }) => (
            <li key={assistantId}>
              <button type="button" data-testid="model-item" onClick={() => void open(assistantId)}>
                <Avatar id={assistantId} name={name} kind="model" />
                <span>
                  <b>{name}</b>
                  {model !== name && <small>{model}</small>}
                </span>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  );
}
