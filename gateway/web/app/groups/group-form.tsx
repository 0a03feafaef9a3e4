// The forms and questions of a group.
import { useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import type { Group, Member } from "../../../client/api/objects.ts";
import { t } from "../base/prefs.ts";
import { go } from "../base/route.ts";
import { PickFriends } from "../chats/pick-friends.tsx";
import type { Desk } from "../model/desk.ts";
import { FormDialog } from "../ui/dialog.tsx";
import { TextArea, TextField } from "../ui/fields.tsx";

export type GroupAct = "rename" | "announcement" | "add" | "leave" | "disband";

interface GroupFormProps {
  desk: Desk;
  act: GroupAct;
  group: Group;
  members: readonly Member[];
  onClose: () => void;
  /** The user is no member any more. */
  onLeft: () => void;
}

const maxAnnouncement = 2_000;

export function GroupForm({ desk, act, group, members, onClose, onLeft }: GroupFormProps) {
  const { groupId, sessionId } = group;
  const { groups } = desk.client.api;
  const [text, setText] = useState(act === "rename" ? group.name : group.announcement);
  const [chosen, setChosen] = useState<readonly string[]>([]);
  const leave = async (work: Promise<unknown>) => {
    await work;
    desk.chats.drop(sessionId);
    onLeft();
    go("chats");
  };
  const perform = async () => {
    if (act === "rename") await groups.update(groupId, { name: text.trim() });
    else if (act === "announcement") await groups.announce(groupId, text.trim());
    else if (act === "add") {
      if (chosen.length === 0) throw new Error(t("group.none"));
      const { pendingIds } = await groups.add(groupId, chosen);
      if (pendingIds.length > 0) showToast(t("group.pending", { n: pendingIds.length }));
    } else return leave(act === "leave" ? groups.exit(groupId) : groups.dissolve(groupId));
    desk.listsChanged();
    onClose();
  };
  const titles = { rename: "group.rename", announcement: "group.announcement.edit", add: "group.add" } as const;
  if (act === "leave" || act === "disband") {
    const title = t(`group.${act}`);
    return (
      <FormDialog title={title} submit={title} isDanger onClose={onClose} onSubmit={perform}>
        <p>{t(`group.${act}.sure`, { name: group.name })}</p>
      </FormDialog>
    );
  }
  return (
    <FormDialog
      title={t(titles[act])}
      submit={t(act === "add" ? "group.add" : "do.save")}
      onClose={onClose}
      onSubmit={perform}
    >
      {act === "rename" && <TextField label={t("group.name")} value={text} onInput={setText} maxLength={50} isFirst />}
      {act === "announcement" && (
        <TextArea label={t("group.announcement")} value={text} onInput={setText} maxLength={maxAnnouncement} isFirst />
      )}
      {act === "add" && (
        <PickFriends
          desk={desk}
          chosen={chosen}
          onChange={setChosen}
          without={new Set(members.map(({ userId }) => userId))}
        />
      )}
    </FormDialog>
  );
}
