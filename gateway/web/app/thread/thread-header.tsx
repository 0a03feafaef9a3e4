import { useEffect, useState } from "preact/hooks";
import type { SessionEntry } from "../../../client/api/objects.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import { go } from "../base/route.ts";
import { useSource } from "../base/use-source.ts";
import { GroupDialog } from "../groups/group-dialog.tsx";
import type { Desk } from "../model/desk.ts";
import { pictureKindOf } from "../model/titles.ts";
import { Avatar } from "../ui/avatar.tsx";
import { IconButton } from "../ui/button.tsx";
import { Connection } from "../ui/connection.tsx";
import { MenuButton, type MenuItem } from "../ui/menu.tsx";
import { type ChatAct, ChatDialog } from "./chat-dialog.tsx";
import { TypingLine } from "./typing-line.tsx";

interface ThreadHeaderProps {
  desk: Desk;
  sessionId: string;
  chat: SessionEntry | undefined;
  name: string;
  isAlone: boolean;
}

export function ThreadHeader({ desk, sessionId, chat, name, isAlone }: ThreadHeaderProps) {
  useSource(desk.presence);
  const [act, setAct] = useState<ChatAct | "group">();
  const { sessionType, userId, avatar } = chat ?? {};
  const kind = pictureKindOf(sessionType);
  const members = useMemberCount(desk, chat?.groupId);
  const isOnline = desk.presence.isOnline(userId);
  const title =
    kind === "group" ? (
      <button type="button" title={t("thread.info")} onClick={() => setAct("group")}>
        {name}
      </button>
    ) : (
      name
    );
  return (
    <header class="thread-header">
      {isAlone && <IconButton icon="left" label={t("thread.back")} testId="nav-chats" onClick={() => go("chats")} />}
      <Avatar id={userId ?? sessionId} name={name} src={avatar} kind={kind} isOnline={isOnline} />
      <div class="thread-title">
        {isAlone ? <h1>{title}</h1> : <h2>{title}</h2>}
        <TypingLine desk={desk} sessionId={sessionId} isGroup={kind === "group"}>
          {chat && kind === "user" && t(isOnline ? "thread.online" : "thread.offline")}
          {kind === "model" && chat?.assistantId?.replace(/^model-/, "")}
          {members !== undefined && t("thread.members", { n: members })}
        </TypingLine>
      </div>
      {kind === "user" && userId !== undefined && (
        <>
          <IconButton
            icon="phone"
            label={t("call.audio")}
            testId="call-audio"
            onClick={() => void desk.phone.call(userId, "audio")}
          />
          {!isAlone && (
            <IconButton
              icon="video"
              label={t("call.video")}
              testId="call-video"
              onClick={() => void desk.phone.call(userId, "video")}
            />
          )}
        </>
      )}
      {isAlone && <Connection line={desk.line} />}
      {chat && (
        <MenuButton
          icon="more"
          label={t("thread.more")}
          items={() => [...(isAlone ? callItems(desk, chat) : []), ...itemsOf(desk, chat, setAct)]}
        />
      )}
      {act === "group" && chat?.groupId !== undefined && (
        <GroupDialog desk={desk} groupId={chat.groupId} onClose={() => setAct(undefined)} />
      )}
      {act && act !== "group" && chat && (
        <ChatDialog desk={desk} chat={chat} act={act} onClose={() => setAct(undefined)} />
      )}
    </header>
  );
}

/** Of a group; undefined while it is not known. */
function useMemberCount(desk: Desk, groupId: string | undefined): number | undefined {
  const [count, setCount] = useState<number>();
  useEffect(() => {
    if (groupId === undefined) return;
    const load = () =>
      void desk.client.api.groups.get(groupId).then(
        (group) => setCount(group.memberCount),
        () => {},
      );
    load();
    return desk.client.on("changed", ({ id }, { type }) => {
      if (id === `g_${groupId}` && type.startsWith("member_")) load();
    });
  }, [groupId]);
  return count;
}

/** A phone has no place for a second button. */
function callItems(desk: Desk, { sessionType, userId }: SessionEntry): MenuItem[] {
  if (sessionType !== "single" || userId === undefined) return [];
  return [{ icon: "video", text: t("call.video"), act: () => void desk.phone.call(userId, "video") }];
}

function itemsOf(desk: Desk, chat: SessionEntry, ask: (act: ChatAct | "group") => void): MenuItem[] {
  const { sessionId, sessionType, isPinned, isMuted } = chat;
  const { sessions } = desk.client.api;
  const change = async (patch: Partial<SessionEntry>, work: Promise<unknown>) => {
    desk.chats.patch(sessionId, patch);
    await work.catch((error: unknown) => {
      showFailure(error);
      return desk.chats.load();
    });
  };
  const pin = () => void change({ isPinned: !isPinned }, sessions.pin(sessionId, !isPinned));
  const mute = () => void change({ isMuted: !isMuted }, sessions.mute(sessionId, !isMuted));
  const isModel = sessionType === "assistant";
  return [
    ...(chat.groupId === undefined
      ? []
      : [{ icon: "group", text: t("thread.info"), act: () => ask("group") } as const]),
    ...(isModel ? [{ icon: "edit", text: t("chat.rename"), act: () => ask("rename") } as const] : []),
    { icon: "pin", text: t(isPinned ? "chat.unpin" : "chat.pin"), act: pin },
    { icon: isMuted ? "bell" : "mute", text: t(isMuted ? "chat.unmute" : "chat.mute"), act: mute },
    { icon: "trash", text: t("chat.clear"), isDanger: true, act: () => ask("clear") },
    isModel
      ? { icon: "close", text: t("chat.delete"), isDanger: true, act: () => ask("delete") }
      : { icon: "close", text: t("chat.remove"), act: () => ask("remove") },
  ];
}
