// What stands around the chats: the sections, the list of the section, and the open conversation. A phone shows one of them.
import { useEffect } from "preact/hooks";
import { formatBadge } from "./base/format.ts";
import { t } from "./base/prefs.ts";
import { addingId, addressOf, type Place, type Section, sections, usePlace } from "./base/route.ts";
import { useNarrow } from "./base/screen.ts";
import { useSource } from "./base/use-source.ts";
import { CallView } from "./calls/call-view.tsx";
import { useArrivals } from "./chats/arrivals.ts";
import { ChatsPane } from "./chats/chats-pane.tsx";
import { FriendsPane } from "./friends/friends-pane.tsx";
import type { Account } from "./model/account.ts";
import type { Desk } from "./model/desk.ts";
import { SettingsPane } from "./settings/settings-pane.tsx";
import { ThreadPane } from "./thread/thread-pane.tsx";
import { Button } from "./ui/button.tsx";
import { Connection } from "./ui/connection.tsx";
import { Icon } from "./ui/icons.tsx";
import { Empty } from "./ui/notice.tsx";

interface ShellProps {
  account: Account;
  desk: Desk;
}

export function Shell({ account, desk }: ShellProps) {
  const place = usePlace();
  const isNarrow = useNarrow();
  const { state } = useSource(desk.line);
  useArrivals(desk, place.section === "chats" ? place.id : undefined);
  const isThread = place.section === "chats" && place.id !== undefined;
  return (
    <div class={`shell${isThread ? " in-thread" : ""}`} data-testid="app">
      {!(isNarrow && isThread) && <Nav desk={desk} section={place.section} />}
      {!(isNarrow && isThread) && <ListPane account={account} desk={desk} place={place} />}
      {(!isNarrow || isThread) && (
        <main class="thread-pane">
          {isThread ? (
            <ThreadPane
              key={place.id}
              desk={desk}
              sessionId={place.id ?? ""}
              messageId={place.messageId}
              isAlone={isNarrow}
            />
          ) : (
            <Empty icon="chats" title={t("chats.pick")} lead={t("chats.pick.lead")} />
          )}
        </main>
      )}
      <CallView desk={desk} />
      {state.kind === "elsewhere" && (
        <div class="cover" role="alertdialog" aria-label={t("line.elsewhere")}>
          <Empty icon="chats" title={t("line.elsewhere")} lead={t("line.elsewhere.lead")}>
            <Button kind="primary" onClick={() => void account.takeOver()}>
              {t("line.here")}
            </Button>
          </Empty>
        </div>
      )}
    </div>
  );
}

function Nav({ desk, section }: { desk: Desk; section: Section }) {
  const chats = useSource(desk.chats);
  const friends = useSource(desk.friends);
  const counts: Record<Section, number> = {
    chats: chats.unreadTotal,
    friends: friends.received.length + friends.invitations.length,
    settings: 0,
  };
  return (
    <nav class="nav" aria-label={t("nav.label")}>
      {sections.map((name) => (
        <a
          key={name}
          href={addressOf(name)}
          aria-current={name === section ? "page" : undefined}
          data-testid={`nav-${name}`}
        >
          <span class="nav-icon">
            <Icon name={name} />
            {counts[name] > 0 && <i aria-hidden="true">{formatBadge(counts[name])}</i>}
          </span>
          <span>{t(`nav.${name}`)}</span>
        </a>
      ))}
      <Connection line={desk.line} />
    </nav>
  );
}

function ListPane({ account, desk, place }: ShellProps & { place: Place }) {
  useEffect(() => {
    if (place.section !== "chats") document.title = `${t(`nav.${place.section}`)} · ${t("app.name")}`;
  });
  switch (place.section) {
    case "chats":
      return <ChatsPane desk={desk} openId={place.id} />;
    case "friends":
      return <FriendsPane desk={desk} isAdding={place.id === addingId} />;
    case "settings":
      return <SettingsPane account={account} desk={desk} />;
  }
}
