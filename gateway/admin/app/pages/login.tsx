import { useEffect, useRef, useState } from "preact/hooks";
import { useCountdown } from "../../../browser/kit/countdown.ts";
import { Notice } from "../../../browser/kit/notice.tsx";
import { t } from "../base/prefs.ts";
import { ApiError, ask } from "../data/api.ts";
import { explain } from "../data/explain.ts";
import { Button } from "../ui/button.tsx";
import { PasswordField, TextField } from "../ui/fields.tsx";
import { Logo } from "../ui/logo.tsx";
import { PrefsBar } from "../ui/prefs-bar.tsx";

interface LoginProps {
  hasEnded: boolean;
  onDone: () => void;
}

export function LoginPage({ hasEnded, onDone }: LoginProps) {
  const [username, setUsername] = useState("");
  const [password, setPassword] = useState("");
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [waitSeconds, setWait] = useCountdown();
  useEffect(() => {
    document.title = `${t("login.submit")} · ${t("app.title")}`;
  });
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => form.current?.querySelector("input")?.focus(), []);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy || waitSeconds > 0) return;
    if (username === "" || password === "") return setError(t("login.missing"));
    setBusy(true);
    setError(undefined);
    try {
      await ask("POST", "/admin/login", { username, password });
      onDone();
    } catch (thrown) {
      setBusy(false);
      if (thrown instanceof ApiError && (thrown.status === 429 || thrown.status === 423)) {
        return setWait(Math.max(1, thrown.retryAfterSeconds));
      }
      // Which of the two was wrong is not said, to whoever guesses.
      const isWrong = thrown instanceof ApiError && (thrown.status === 401 || thrown.status === 404);
      setError(isWrong ? t("login.wrong") : explain(thrown));
    }
  };
  return (
    <div class="login">
      <header class="login-bar">
        <PrefsBar />
      </header>
      <main class="login-card">
        <Logo />
        <h1>{t("login.title")}</h1>
        <p class="lead">{t("login.lead")}</p>
        {hasEnded && error === undefined && <Notice kind="warning">{t("error.sessionEnded")}</Notice>}
        <form ref={form} onSubmit={submit} noValidate>
          <TextField
            label={t("login.username")}
            value={username}
            onInput={setUsername}
            name="username"
            autocomplete="username"
            maxLength={254}
          />
          <PasswordField
            label={t("login.password")}
            value={password}
            onInput={setPassword}
            name="password"
            autocomplete="current-password"
          />
          <div class="login-error">
            {waitSeconds > 0 ? (
              <Notice kind="error">{t("login.locked", { n: waitSeconds })}</Notice>
            ) : (
              error !== undefined && <Notice kind="error">{error}</Notice>
            )}
          </div>
          <Button type="submit" kind="primary" isBusy={isBusy} disabled={waitSeconds > 0}>
            {isBusy ? t("login.busy") : t("login.submit")}
          </Button>
        </form>
        <p class="hint">{t("login.hint")}</p>
      </main>
    </div>
  );
}
