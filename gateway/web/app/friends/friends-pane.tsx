// Friends, and requests that wait for an answer.
import { useState } from "preact/hooks";
import type { Friend, FriendRequest } from "../../../client/api/objects.ts";
import { showFailure } from "../base/explain.ts";
import { t } from "../base/prefs.ts";
import { addingId, go } from "../base/route.ts";
import { useSource } from "../base/use-source.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { SearchField } from "../ui/fields.tsx";
import { MenuButton } from "../ui/menu.tsx";
import { Empty, Failed, Skeleton } from "../ui/notice.tsx";
import { useSubmit } from "../ui/submit.ts";
import { AddFriend } from "./add-friend.tsx";
import { Answers } from "./answers.tsx";
import { type FriendAct, FriendDialog } from "./friend-dialog.tsx";
import { InvitationRow } from "./invitations.tsx";

/** From so many friends on a search field stands above the list. */
const manyFriends = 8;

interface FriendsPaneProps {
  desk: Desk;
  isAdding: boolean;
}

export function FriendsPane({ desk, isAdding }: FriendsPaneProps) {
  const friends = useSource(desk.friends);
  useSource(desk.people);
  useSource(desk.presence);
  const [wanted, setWanted] = useState("");
  const [act, setAct] = useState<FriendAct>();
  const { list, received, invitations, blocked, state } = friends;
  const nameOf = ({ userId, nickname }: { userId: string; nickname: string }) =>
    desk.people.get(userId).name || nickname;
  const shown = list
    .filter((friend) => nameOf(friend).toLowerCase().includes(wanted.trim().toLowerCase()))
    .sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
  const add = () => go("friends", addingId);
  const isEmpty = !isAdding && state === "ready" && list.length + received.length + invitations.length === 0;
  return (
    <section class="list-pane" aria-label={t("friends.title")}>
      <header class="pane-header">
        <h1>{t("friends.title")}</h1>
        <IconButton icon="addPerson" label={t("friends.add")} testId="add-friend" onClick={add} />
      </header>
      {isAdding && <AddFriend desk={desk} onClose={() => go("friends")} />}
      {!isAdding && list.length >= manyFriends && (
        <SearchField label={t("friends.search.do")} value={wanted} onInput={setWanted} />
      )}
      <div class="scroller">
        {state === "loading" && <Skeleton rows={6} />}
        {state === "failed" && <Failed text={t("friends.failed")} onRetry={() => void friends.load()} />}
        {isEmpty && (
          <Empty icon="friends" title={t("friends.empty")} lead={t("friends.empty.lead")}>
            <Button kind="primary" icon="addPerson" onClick={add}>
              {t("friends.add")}
            </Button>
          </Empty>
        )}
        {received.length > 0 && <h2 class="list-title">{t("friends.requests")}</h2>}
        <ul class="people">
          {received.map((request) => (
            <RequestRow key={request.requestId} desk={desk} request={request} />
          ))}
        </ul>
        {invitations.length > 0 && <h2 class="list-title">{t("group.invitations")}</h2>}
        <ul class="people">
          {invitations.map((invitation) => (
            <InvitationRow key={invitation.invitationId} desk={desk} invitation={invitation} />
          ))}
        </ul>
        {list.length > 0 && <h2 class="list-title">{t("friends.all")}</h2>}
        <ul class="people">
          {shown.map((friend) => (
            <FriendRow key={friend.userId} desk={desk} friend={friend} name={nameOf(friend)} onAct={setAct} />
          ))}
        </ul>
        {blocked.length > 0 && <h2 class="list-title">{t("friends.blocked")}</h2>}
        <ul class="people">
          {blocked.map((user) => (
            <BlockedRow key={user.userId} desk={desk} userId={user.userId} name={nameOf(user)} avatar={user.avatar} />
          ))}
        </ul>
      </div>
      {act && <FriendDialog desk={desk} act={act} onClose={() => setAct(undefined)} />}
    </section>
  );
}

function RequestRow({ desk, request }: { desk: Desk; request: FriendRequest }) {
  const { requestId, userId, nickname, avatar, message } = request;
  const answer = async (isYes: boolean) => {
    await desk.client.api.friends.answer(requestId, isYes ? "accept" : "reject");
    await Promise.all([desk.friends.load(), desk.chats.load()]);
    desk.listsChanged();
  };
  return (
    <li class="person request" data-testid="friend-request">
      <Avatar id={userId} name={nickname} src={avatar} />
      <span class="person-lines">
        <b>{nickname}</b>
        <small>{message || t("friends.asks")}</small>
      </span>
      <Answers answer={answer} acceptTestId="friend-accept" rejectTestId="friend-reject" />
    </li>
  );
}

interface FriendRowProps {
  desk: Desk;
  friend: Friend;
  name: string;
  onAct: (act: FriendAct) => void;
}

function FriendRow({ desk, friend: { userId, avatar }, name, onAct }: FriendRowProps) {
  const open = async () => {
    try {
      go("chats", await desk.open(userId));
    } catch (thrown) {
      showFailure(thrown);
    }
  };
  const isOnline = desk.presence.isOnline(userId);
  const choose = (kind: FriendAct["kind"]) => () => onAct({ kind, userId, name });
  return (
    <li class="person">
      <button
        type="button"
        class="person-open"
        data-testid="friend-item"
        data-user={userId}
        onClick={() => void open()}
      >
        <Avatar id={userId} name={name} src={avatar} isOnline={isOnline} />
        <span class="person-lines">
          <b>{name}</b>
          <small>{isOnline ? t("thread.online") : t("thread.offline")}</small>
        </span>
      </button>
      <MenuButton
        icon="more"
        label={t("friends.more", { name })}
        items={() => [
          { icon: "chats", text: t("friends.message"), act: () => void open() },
          { icon: "edit", text: t("friends.remark"), act: choose("remark") },
          { icon: "block", text: t("friends.block"), act: choose("block"), isDanger: true },
          { icon: "trash", text: t("friends.remove"), act: choose("remove"), isDanger: true },
        ]}
      />
    </li>
  );
}

function BlockedRow({ desk, userId, name, avatar }: { desk: Desk; userId: string; name: string; avatar: string }) {
  const { submit, error, isBusy } = useSubmit(async () => {
    await desk.client.api.friends.unblock(userId);
    await desk.friends.load();
  });
  return (
    <li class="person">
      <Avatar id={userId} name={name} src={avatar} />
      <span class="person-lines">
        <b>{name}</b>
        {error !== undefined && <small role="alert">{error}</small>}
      </span>
      <Button isBusy={isBusy} onClick={() => void submit(new Event("click"))}>
        {t("friends.unblock")}
      </Button>
    </li>
  );
}
