// The app of the admin pages. /admin/login.html is the login, /admin/ everything else, by the hash of the address.
import { render } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { usePrefs } from "./base/prefs.ts";
import { type Place, usePlace } from "./base/route.ts";
import { ask, watchLogin } from "./data/api.ts";
import { useLoad } from "./data/load.ts";
import type { Profile } from "./data/shapes.ts";
import { DashboardPage } from "./pages/dashboard.tsx";
import { KeysPage } from "./pages/keys.tsx";
import { LoginPage } from "./pages/login.tsx";
import { LogsPage } from "./pages/logs.tsx";
import { SettingsPage } from "./pages/settings.tsx";
import { TokensPage } from "./pages/tokens.tsx";
import { Shell } from "./shell.tsx";
import { LoadError } from "./ui/notice.tsx";
import { Toasts } from "./ui/toast.tsx";

const loginPath = "/admin/login.html";
const pagesPath = "/admin/";

function App() {
  // Every text is drawn again when the language changes.
  usePrefs();
  const [isLogin, setLogin] = useState(location.pathname === loginPath);
  const [hasEnded, setEnded] = useState(false);
  // The hash stays: whoever logs in again is where they were.
  const show = (path: string) => {
    history.replaceState(null, "", `${path}${location.hash}`);
    setLogin(path === loginPath);
  };
  const wasIn = useRef(false);
  useEffect(() => {
    watchLogin(() => {
      // Who has just come has had no login that could end.
      setEnded(wasIn.current);
      show(loginPath);
    });
  }, []);
  return (
    <>
      {isLogin ? (
        <LoginPage
          hasEnded={hasEnded}
          onDone={() => {
            setEnded(false);
            show(pagesPath);
          }}
        />
      ) : (
        <Pages
          onLogin={() => {
            wasIn.current = true;
          }}
          onLogout={() => {
            history.replaceState(null, "", loginPath);
            setEnded(false);
            setLogin(true);
          }}
        />
      )}
      <Toasts />
    </>
  );
}

function Pages({ onLogin, onLogout }: { onLogin: () => void; onLogout: () => void }) {
  const place = usePlace();
  const { data: profile, error, reload } = useLoad(() => ask<Profile>("GET", "/admin/profile"), []);
  useEffect(() => {
    if (profile) onLogin();
  }, [profile]);
  if (error && !profile) {
    return (
      <main class="alone">
        <LoadError error={error} onRetry={reload} />
      </main>
    );
  }
  if (!profile) return null;
  return (
    <Shell page={place.page} username={profile.username} onLogout={onLogout}>
      <Page place={place} profile={profile} />
    </Shell>
  );
}

function Page({ place, profile }: { place: Place; profile: Profile }) {
  switch (place.page) {
    case "dashboard":
      return <DashboardPage />;
    case "keys":
      return <KeysPage place={place} />;
    case "tokens":
      return <TokensPage place={place} />;
    case "logs":
      return <LogsPage place={place} />;
    case "settings":
      return <SettingsPage profile={profile} />;
  }
}

render(<App />, document.body);
