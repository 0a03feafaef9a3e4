import type { Theme } from "../../../browser/kit/stored-prefs.ts";
import { changePrefs, t, usePrefs } from "../base/prefs.ts";
import { date } from "../base/shown.ts";
import type { Profile } from "../data/shapes.ts";
import { Choice } from "../ui/fields.tsx";
import { Card, PageHead } from "../ui/page.tsx";
import { AccessCodes } from "./access-codes.tsx";
import { ClientSettings } from "./client-settings.tsx";
import { PasswordForm } from "./password-form.tsx";

export function SettingsPage({ profile }: { profile: Profile }) {
  return (
    <>
      <PageHead
        title={t("set.title")}
        lead={`${t("set.account")}: ${profile.username} (${t("set.account.since", { date: date(profile.created_at) })})`}
      />
      <div class="settings">
        <ClientSettings />
        <div class="stack">
          <PasswordForm username={profile.username} />
          <Appearance />
        </div>
      </div>
      <AccessCodes />
    </>
  );
}

const themes: readonly Theme[] = ["system", "light", "dark"];

function Appearance() {
  const { theme, language } = usePrefs();
  return (
    <Card title={t("set.look")} lead={t("set.look.lead")}>
      <div class="card-body stack">
        <div class="field">
          <span class="label">{t("bar.theme")}</span>
          <Choice
            label={t("bar.theme")}
            value={theme}
            onChange={(chosen) => changePrefs({ theme: chosen })}
            options={themes.map((each) => [each, t(`bar.theme.${each}`)] as const)}
          />
        </div>
        <div class="field">
          <span class="label">{t("bar.language")}</span>
          <Choice
            label={t("bar.language")}
            value={language}
            onChange={(chosen) => changePrefs({ language: chosen })}
            options={[
              ["en", "English"],
              ["zh", "中文"],
            ]}
          />
        </div>
      </div>
    </Card>
  );
}
