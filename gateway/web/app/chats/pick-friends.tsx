import { useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { useSource } from "../base/use-source.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { SearchField } from "../ui/fields.tsx";

interface PickFriendsProps {
  desk: Desk;
  chosen: readonly string[];
  onChange: (chosen: readonly string[]) => void;
  /** Who is in already. */
  without?: ReadonlySet<string>;
}

/** From so many friends on a search field stands above the list. */
const manyFriends = 8;

export function PickFriends({ desk, chosen, onChange, without }: PickFriendsProps) {
  const { list } = useSource(desk.friends);
  const [wanted, setWanted] = useState("");
  const friends = list.filter(({ userId }) => !without?.has(userId));
  if (friends.length === 0) return <p class="hint">{t("group.noFriends")}</p>;
  const shown = friends.filter(({ userId }) =>
    desk.people.get(userId).name.toLowerCase().includes(wanted.toLowerCase()),
  );
  const toggle = (userId: string) =>
    onChange(chosen.includes(userId) ? chosen.filter((each) => each !== userId) : [...chosen, userId]);
  return (
    <fieldset class="pick">
      <legend>{t("group.who")}</legend>
      {friends.length >= manyFriends && (
        <SearchField label={t("friends.search.do")} value={wanted} onInput={setWanted} />
      )}
      <ul>
        {shown.map(({ userId, avatar }) => {
          const { name } = desk.people.get(userId);
          return (
            <li key={userId}>
              <label data-testid="pick-friend">
                <input type="checkbox" checked={chosen.includes(userId)} onChange={() => toggle(userId)} />
                <Avatar id={userId} name={name} src={avatar} size="small" />
                <span>{name}</span>
              </label>
            </li>
          );
        })}
      </ul>
    </fieldset>
  );
}
