// The log-in and the registration.
import { useEffect, useState } from "preact/hooks";
import { useCountdown } from "../../../browser/kit/countdown.ts";
import { Notice } from "../../../browser/kit/notice.tsx";
import { PrefsBar } from "../../../browser/kit/prefs-bar.tsx";
import { changePrefs, currentPrefs, t } from "../base/prefs.ts";
import type { Account } from "../model/account.ts";
import { Button } from "../ui/button.tsx";
import { PasswordField, TextField } from "../ui/fields.tsx";
import { Logo } from "../ui/logo.tsx";
import { useSubmit } from "../ui/submit.ts";

interface AuthProps {
  account: Account;
  /** Why the last login ended. */
  reason: string | undefined;
}

export function AuthPage({ account, reason }: AuthProps) {
  const [isNew, setNew] = useState(false);
  useEffect(() => {
    document.title = t("app.name");
  });
  return (
    <div class="auth">
      <section class="auth-side" aria-hidden="true">
        <Logo />
        <div>
          <p class="auth-promise">{t("auth.promise")}</p>
          <p>{t("auth.promise.lead")}</p>
        </div>
      </section>
      <main class="auth-main">
        <PrefsBar
          prefs={currentPrefs()}
          change={changePrefs}
          kinds={{ bar: "look-bar", language: "text-button" }}
          texts={{ theme: t("settings.theme"), light: t("settings.theme.light"), dark: t("settings.theme.dark") }}
        />
        {isNew ? (
          <RegisterForm account={account} onLogin={() => setNew(false)} />
        ) : (
          <LoginForm account={account} reason={reason} onRegister={() => setNew(true)} />
        )}
      </main>
    </div>
  );
}

function LoginForm({ account, reason, onRegister }: AuthProps & { onRegister: () => void }) {
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const { submit, error, isBusy } = useSubmit(async () => {
    if (name.trim() === "" || password === "") throw new Error(t("auth.missing"));
    await account.logIn({ account: name.trim(), password });
  });
  return (
    <form class="auth-form" onSubmit={submit} noValidate>
      <h1>{t("auth.login.title")}</h1>
      <p class="lead">{t("auth.login.lead")}</p>
      {error === undefined && reason !== undefined && <Notice kind="error">{t("auth.ended", { reason })}</Notice>}
      <TextField
        label={t("auth.account")}
        value={name}
        onInput={setName}
        name="username"
        autocomplete="username"
        inputMode="email"
        testId="email"
      />
      <PasswordField
        label={t("auth.password")}
        value={password}
        onInput={setPassword}
        autocomplete="current-password"
        testId="password"
      />
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      <Button type="submit" kind="primary" isWide isBusy={isBusy} testId="submit">
        {isBusy ? t("auth.login.busy") : t("auth.login")}
      </Button>
      <p class="auth-other">
        {t("auth.noAccount")}{" "}
        <button type="button" class="link" data-testid="go-register" onClick={onRegister}>
          {t("auth.toRegister")}
        </button>
      </p>
    </form>
  );
}

function RegisterForm({ account, onLogin }: { account: Account; onLogin: () => void }) {
  const [target, setTarget] = useState("");
  const [nickname, setNickname] = useState("");
  const [password, setPassword] = useState("");
  const [code, setCode] = useState("");
  const { submit, error, isBusy, setError } = useSubmit(async () => {
    if ([target, nickname, password, code].some((each) => each.trim() === "")) throw new Error(t("auth.missing"));
    const where = target.includes("@") ? { email: target.trim() } : { phoneNumber: target.trim() };
    await account.register({ ...where, password, verifyCode: code.trim(), nickname: nickname.trim() });
  });
  return (
    <form class="auth-form" onSubmit={submit} noValidate>
      <h1>{t("auth.register.title")}</h1>
      <p class="lead">{t("auth.register.lead")}</p>
      <TextField
        label={t("auth.email")}
        value={target}
        onInput={setTarget}
        name="email"
        autocomplete="email"
        inputMode="email"
        testId="email"
      />
      <TextField
        label={t("auth.nickname")}
        value={nickname}
        onInput={setNickname}
        autocomplete="nickname"
        maxLength={50}
        testId="nickname"
      />
      <PasswordField
        label={t("auth.password")}
        hint={t("auth.password.hint")}
        value={password}
        onInput={setPassword}
        autocomplete="new-password"
        testId="password"
      />
      <div class="with-side">
        <TextField
          label={t("auth.code")}
          value={code}
          onInput={setCode}
          autocomplete="one-time-code"
          inputMode="numeric"
          maxLength={12}
          testId="code"
        />
        <CodeButton account={account} target={target.trim()} onError={setError} />
      </div>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      <Button type="submit" kind="primary" isWide isBusy={isBusy} testId="submit">
        {isBusy ? t("auth.register.busy") : t("auth.register")}
      </Button>
      <p class="auth-other">
        {t("auth.hasAccount")}{" "}
        <button type="button" class="link" data-testid="go-login" onClick={onLogin}>
          {t("auth.toLogin")}
        </button>
      </p>
    </form>
  );
}

/** After so many seconds the user may ask for another code. */
const againSeconds = 60;

interface CodeButtonProps {
  account: Account;
  target: string;
  onError: (text: string | undefined) => void;
}

function CodeButton({ account, target, onError }: CodeButtonProps) {
  const [left, setLeft] = useCountdown();
  const { submit, error, isBusy } = useSubmit(async () => {
    if (target === "") throw new Error(t("auth.code.noTarget"));
    await account.sendCode(target);
    setLeft(againSeconds);
  });
  useEffect(() => onError(error), [error]);
  return (
    <Button isBusy={isBusy} disabled={left > 0} onClick={() => void submit(new Event("click"))}>
      {left > 0 ? t("auth.code.again", { n: left }) : t("auth.code.send")}
    </Button>
  );
}
