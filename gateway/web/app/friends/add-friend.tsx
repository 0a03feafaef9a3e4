// Finds a user by a whole address, number, name or id, and asks to be friends.
import { useEffect, useRef, useState } from "preact/hooks";
import { Notice } from "../../../browser/kit/notice.tsx";
import type { Profile } from "../../../client/api/objects.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { SearchField } from "../ui/fields.tsx";
import { useSubmit } from "../ui/submit.ts";

interface AddFriendProps {
  desk: Desk;
  onClose: () => void;
}

const pauseMs = 500;
const minChars = 3;

export function AddFriend({ desk, onClose }: AddFriendProps) {
  const [wanted, setWanted] = useState("");
  const [found, setFound] = useState<readonly Profile[]>();
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const newest = useRef("");
  const { submit, error, isBusy } = useSubmit(async () => {
    const keyword = newest.current;
    const users = keyword.length < minChars ? undefined : await desk.client.api.users.search(keyword);
    // The user has typed more: this answer is too late.
    if (keyword === newest.current) setFound(users);
  });
  const box = useRef<HTMLElement>(null);
  useEffect(() => box.current?.querySelector("input")?.focus(), []);
  const search = () => {
    clearTimeout(timer.current);
    void submit(new Event("submit"));
  };
  const type = (text: string) => {
    setWanted(text);
    setFound(undefined);
    newest.current = text.trim();
    clearTimeout(timer.current);
    timer.current = setTimeout(search, pauseMs);
  };
  return (
    <section ref={box} class="add-friend" aria-label={t("friends.add")}>
      <header>
        <h2>{t("friends.add")}</h2>
        <IconButton icon="close" label={t("do.close")} onClick={onClose} />
      </header>
      <SearchField label={t("friends.search")} value={wanted} onInput={type} onSubmit={search} testId="friend-search" />
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      {isBusy && found === undefined && <span class="spinner" aria-hidden="true" />}
      {found?.length === 0 && (
        <p class="hint" role="status">
          {t("friends.search.none")}
        </p>
      )}
      <ul class="people">
        {found?.map((user) => (
          <FoundUser key={user.userId} desk={desk} user={user} />
        ))}
      </ul>
    </section>
  );
}

function FoundUser({ desk, user: { userId, nickname, avatar, signature } }: { desk: Desk; user: Profile }) {
  const [status, setStatus] = useState<"none" | "pending" | "accepted">(
    desk.friends.find(userId) ? "accepted" : "none",
  );
  const { submit, error, isBusy } = useSubmit(async () => {
    const { status: now } = await desk.client.api.friends.request(userId);
    setStatus(now === "accepted" ? "accepted" : "pending");
    desk.listsChanged();
  });
  const isSelf = userId === desk.userId;
  return (
    <li class="person" data-testid="friend-result">
      <Avatar id={userId} name={nickname} src={avatar} />
      <span class="person-lines">
        <b>{nickname}</b>
        <small>{error === undefined ? signature : <span role="alert">{error}</span>}</small>
      </span>
      {isSelf && <span class="quiet">{t("friends.request.you")}</span>}
      {!isSelf && status === "none" && (
        <Button
          kind="primary"
          isBusy={isBusy}
          testId="friend-request-send"
          onClick={() => void submit(new Event("click"))}
        >
          {t("friends.request")}
        </Button>
      )}
      {!isSelf && status !== "none" && (
        <span class="quiet" role="status">
          {status === "accepted" ? t("friends.already") : t("friends.request.sent")}
        </span>
      )}
    </li>
  );
}
