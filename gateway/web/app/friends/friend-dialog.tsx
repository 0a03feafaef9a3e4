// Dialogs that ask before the user renames, removes or blocks a friend.
import { useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";

export interface FriendAct {
  readonly kind: "remark" | "remove" | "block";
  readonly userId: string;
  readonly name: string;
}

interface FriendDialogProps {
  desk: Desk;
  act: FriendAct;
  onClose: () => void;
}

export function FriendDialog({ desk, act: { kind, userId, name }, onClose }: FriendDialogProps) {
  const { friends } = desk.client.api;
  const [remark, setRemark] = useState(desk.friends.find(userId)?.remark ?? "");
  const done = (work: () => Promise<unknown>) => async () => {
    await work();
    await desk.friends.load();
    desk.listsChanged();
    onClose();
  };
  if (kind === "remark") {
    const rename = done(() => friends.rename(userId, remark.trim()));
    return (
      <FormDialog title={t("friends.remark")} submit={t("do.save")} onClose={onClose} onSubmit={rename}>
        <TextField
          label={t("friends.remark.label", { name })}
          hint={t("friends.remark.hint")}
          value={remark}
          onInput={setRemark}
          maxLength={50}
          isFirst
        />
      </FormDialog>
    );
  }
  const act = done(() => (kind === "remove" ? friends.remove(userId) : friends.block(userId)));
  return (
    <FormDialog title={t(`friends.${kind}`)} submit={t(`friends.${kind}`)} isDanger onClose={onClose} onSubmit={act}>
      <p>{t(`friends.${kind}.sure`, { name })}</p>
    </FormDialog>
  );
}
