// A group: its fields, its members, its join requests, and the actions that the user may take.
import { useState } from "preact/hooks";
import type { Group } from "../../../client/api/objects.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import { useSource } from "../base/use-source.ts";
import type { Desk } from "../model/desk.ts";
import { isManager } from "../model/roles.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Dialog } from "../ui/dialog.tsx";
import { Switch } from "../ui/fields.tsx";
import { Failed, Skeleton } from "../ui/notice.tsx";
import { useGroup } from "./group-data.ts";
import { type GroupAct, GroupForm } from "./group-form.tsx";
import { JoinRequests } from "./join-requests.tsx";
import { MemberRow } from "./member-row.tsx";

interface GroupDialogProps {
  desk: Desk;
  groupId: string;
  onClose: () => void;
}

export function GroupDialog({ desk, groupId, onClose }: GroupDialogProps) {
  useSource(desk.people);
  const { data, error, load } = useGroup(desk, groupId);
  const [act, setAct] = useState<GroupAct>();
  const attempt = async (work: Promise<unknown>) => {
    await work.catch(showFailure);
    await load();
  };
  if (act && data) {
    const done = () => {
      setAct(undefined);
      void load();
    };
    return <GroupForm desk={desk} act={act} {...data} onClose={done} onLeft={onClose} />;
  }
  return (
    <Dialog title={t("group.info")} onClose={onClose}>
      <div class="dialog-body">
        {error !== undefined && <Failed text={error} onRetry={() => void load()} />}
        {!data && error === undefined && <Skeleton rows={4} />}
        {data && (
          <>
            <About group={data.group} onAct={setAct} />
            {isManager(data.group) && <Rules desk={desk} group={data.group} attempt={attempt} />}
            <JoinRequests desk={desk} groupId={groupId} requests={data.requests} attempt={attempt} />
            <section>
              <div class="part-title">
                <h3>{t("thread.members", { n: data.group.memberCount })}</h3>
                <Button icon="addPerson" kind="quiet" onClick={() => setAct("add")}>
                  {t("group.add")}
                </Button>
              </div>
              <ul class="people">
                {data.members.map((member) => (
                  <MemberRow key={member.userId} desk={desk} group={data.group} member={member} attempt={attempt} />
                ))}
              </ul>
            </section>
            <Ends group={data.group} onAct={setAct} />
          </>
        )}
      </div>
    </Dialog>
  );
}

interface PartProps {
  group: Group;
  onAct: (act: GroupAct) => void;
}

function About({ group, onAct }: PartProps) {
  const { groupId, name, avatar, announcement } = group;
  return (
    <>
      <div class="settings-me">
        <Avatar id={`g_${groupId}`} name={name} src={avatar} kind="group" size="large" />
        <span>
          <b>{name}</b>
          <small>
            {t("group.id")}: <code>{groupId}</code>
          </small>
        </span>
        {isManager(group) && <IconButton icon="edit" label={t("group.rename")} onClick={() => onAct("rename")} />}
      </div>
      <section>
        <div class="part-title">
          <h3>{t("group.announcement")}</h3>
          {isManager(group) && (
            <IconButton icon="edit" label={t("group.announcement.edit")} onClick={() => onAct("announcement")} />
          )}
        </div>
        <p class={announcement === "" ? "quiet" : "text block"}>{announcement || t("group.announcement.none")}</p>
      </section>
    </>
  );
}

interface RulesProps {
  desk: Desk;
  group: Group;
  attempt: (work: Promise<unknown>) => Promise<void>;
}

function Rules({ desk, group: { groupId, isMuted, joinVerify }, attempt }: RulesProps) {
  const { groups } = desk.client.api;
  return (
    <section class="stack">
      <Switch
        label={t("group.muteAll")}
        isOn={isMuted}
        onChange={(muted) => void attempt(groups.mute(groupId, muted))}
      />
      <Switch
        label={t("group.joinVerify")}
        isOn={joinVerify}
        onChange={(on) => void attempt(groups.update(groupId, { joinVerify: on }))}
      />
    </section>
  );
}

function Ends({ group: { myRole }, onAct }: PartProps) {
  const act = myRole === "owner" ? "disband" : "leave";
  return (
    <Button kind="danger" isWide onClick={() => onAct(act)}>
      {t(`group.${act}`)}
    </Button>
  );
}
