// What stands around every page: the bar with the logo and the administrator, and the list of pages.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "./base/prefs.ts";
import { addressOf, type PageName, pageNames } from "./base/route.ts";
import { ask } from "./data/api.ts";
import { IconButton } from "./ui/button.tsx";
import { Icon } from "./ui/icons.tsx";
import { Logo } from "./ui/logo.tsx";
import { PrefsBar } from "./ui/prefs-bar.tsx";

interface ShellProps {
  page: PageName;
  username: string;
  onLogout: () => void;
  children: ComponentChildren;
}

export function Shell({ page, username, onLogout, children }: ShellProps) {
  const main = useRef<HTMLElement>(null);
  const isFirst = useRef(true);
  useEffect(() => {
    document.title = `${t(`nav.${page}`)} · ${t("app.title")}`;
  });
  useEffect(() => {
    // A screen reader goes on at the heading of the page that was chosen.
    if (!isFirst.current) main.current?.querySelector("h1")?.focus();
    isFirst.current = false;
    scrollTo(0, 0);
  }, [page]);
  const logOut = async () => {
    await ask("POST", "/admin/logout", {}).catch(() => {});
    onLogout();
  };
  return (
    <div class="shell">
      <a
        class="skip"
        href={addressOf(page)}
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("app.skip")}
      </a>
      <header class="bar">
        <Logo />
        <span class="space" />
        <PrefsBar />
        <span class="user">{username}</span>
        <IconButton icon="logout" label={t("bar.logout")} onClick={() => void logOut()} />
      </header>
      <nav class="nav" aria-label={t("nav.label")}>
        {pageNames.map((name) => (
          <a key={name} href={addressOf(name)} aria-current={name === page ? "page" : undefined}>
            <Icon name={name} />
            <span>{t(`nav.${name}`)}</span>
          </a>
        ))}
      </nav>
      <main ref={main} class="main" tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}
