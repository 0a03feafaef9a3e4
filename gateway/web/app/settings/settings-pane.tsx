// The user's own things: profile, appearance, notifications, devices, log out.
import { useEffect, useState } from "preact/hooks";
import { Notice } from "../../../browser/kit/notice.tsx";
import { showToast } from "../../../browser/kit/toasts.ts";
import type { Device, Profile } from "../../../client/api/objects.ts";
import { explain, showFailure } from "../base/explain.ts";
import { changePrefs, t, usePrefs } from "../base/prefs.ts";
import { notificationState, turnNotifications } from "../device/notifications.ts";
import type { Account } from "../model/account.ts";
import type { Desk } from "../model/desk.ts";
import { Avatar } from "../ui/avatar.tsx";
import { Button, IconButton } from "../ui/button.tsx";
import { Choice, Switch, TextField } from "../ui/fields.tsx";
import { Skeleton } from "../ui/notice.tsx";
import { useSubmit } from "../ui/submit.ts";

interface SettingsPaneProps {
  account: Account;
  desk: Desk;
}

export function SettingsPane({ account, desk }: SettingsPaneProps) {
  return (
    <section class="list-pane" aria-label={t("settings.title")}>
      <header class="pane-header">
        <h1>{t("settings.title")}</h1>
      </header>
      <div class="scroller settings">
        <ProfileForm desk={desk} />
        <Look desk={desk} />
        <Notifications />
        <Devices desk={desk} />
        <div class="settings-end">
          <Button kind="quiet" icon="logout" onClick={() => void account.logOut()} testId="logout">
            {t("settings.logout")}
          </Button>
          <a href="/developers">{t("settings.developers")}</a>
        </div>
      </div>
    </section>
  );
}

function ProfileForm({ desk }: { desk: Desk }) {
  const { users } = desk.client.api;
  const [profile, setProfile] = useState<Profile>();
  const [nickname, setNickname] = useState("");
  const [signature, setSignature] = useState("");
  const [loadError, setLoadError] = useState<string>();
  const show = (me: Profile) => {
    setProfile(me);
    setNickname(me.nickname);
    setSignature(me.signature);
    desk.people.learn(me.userId, me.nickname, me.avatar);
  };
  useEffect(() => {
    users.me().then(show, (thrown: unknown) => setLoadError(explain(thrown)));
  }, []);
  const { submit, error, isBusy } = useSubmit(async () => {
    show(await users.update({ nickname: nickname.trim(), signature }));
    showToast(t("settings.saved"));
  });
  if (loadError !== undefined) return <Notice kind="error">{loadError}</Notice>;
  if (!profile) return <Skeleton rows={2} />;
  return (
    <form class="settings-part" onSubmit={submit} noValidate aria-label={t("settings.profile")}>
      <div class="settings-me">
        <Avatar id={profile.userId} name={profile.nickname} src={profile.avatar} size="large" />
        <span>
          <b>{profile.nickname}</b>
          <small>
            {t("settings.id")}: <code data-testid="own-id">{profile.userId}</code>
          </small>
        </span>
      </div>
      <TextField label={t("settings.nickname")} value={nickname} onInput={setNickname} maxLength={50} />
      <TextField label={t("settings.signature")} value={signature} onInput={setSignature} maxLength={200} />
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      <Button type="submit" kind="primary" isBusy={isBusy}>
        {t("do.save")}
      </Button>
    </form>
  );
}

function Look({ desk }: { desk: Desk }) {
  const { language, theme } = usePrefs();
  return (
    <div class="settings-part">
      <h2>{t("settings.look")}</h2>
      <Choice
        label={t("settings.theme")}
        value={theme}
        options={[
          ["system", t("settings.theme.system")],
          ["light", t("settings.theme.light")],
          ["dark", t("settings.theme.dark")],
        ]}
        onChange={(next) => changePrefs({ theme: next })}
      />
      <Choice
        label={t("settings.language")}
        value={language}
        options={[
          ["en", "English"],
          ["zh", "中文"],
        ]}
        onChange={(next) => {
          changePrefs({ language: next });
          // Errors and notices of the server, on every device; this page asks for its own language anyway.
          desk.client.api.users.updateSettings({ language: next }).catch(() => {});
        }}
      />
    </div>
  );
}

function Notifications() {
  const [state, setState] = useState(notificationState);
  const hint = state === "denied" || state === "none" ? t(`settings.notifications.${state}`) : undefined;
  return (
    <div class="settings-part">
      <h2>{t("settings.notifications")}</h2>
      <Switch
        label={t("settings.notifications.browser")}
        hint={hint}
        isOn={state === "on"}
        disabled={hint !== undefined}
        onChange={(isOn) => void turnNotifications(isOn).then(() => setState(notificationState()))}
      />
    </div>
  );
}

function Devices({ desk }: { desk: Desk }) {
  const { users } = desk.client.api;
  const [devices, setDevices] = useState<readonly Device[]>();
  const load = () => users.devices().then(setDevices, () => setDevices([]));
  useEffect(() => void load(), []);
  const end = async (deviceId: string) => {
    try {
      await users.logoutDevice(deviceId);
      await load();
    } catch (thrown) {
      showFailure(thrown);
    }
  };
  return (
    <div class="settings-part">
      <h2>{t("settings.devices")}</h2>
      {!devices && <Skeleton rows={1} />}
      <ul class="people">
        {devices?.map(({ deviceId, deviceType, isCurrent }) => (
          <li key={deviceId} class="person flat">
            <span class="person-lines">
              <b>{isCurrent ? t("settings.devices.this") : deviceType}</b>
              <small>{isCurrent ? deviceType : deviceId}</small>
            </span>
            {!isCurrent && (
              <IconButton icon="logout" label={t("settings.devices.end")} onClick={() => void end(deviceId)} />
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
