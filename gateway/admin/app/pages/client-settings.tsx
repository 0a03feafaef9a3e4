// The system configuration: what chat clients are given before a login.
import { useEffect, useState } from "preact/hooks";
import { Notice } from "../../../browser/kit/notice.tsx";
import { showToast } from "../../../browser/kit/toasts.ts";
import { t } from "../base/prefs.ts";
import { ask } from "../data/api.ts";
import { useLoad } from "../data/load.ts";
import { Button } from "../ui/button.tsx";
import { Switch, TextField } from "../ui/fields.tsx";
import { NotLoaded } from "../ui/notice.tsx";
import { Card } from "../ui/page.tsx";
import { useSubmit } from "../ui/submit.ts";

const flags = ["needCode", "hideUserApiKey", "disableGPT4", "hideBalanceQuery", "disableFastLink"] as const;
const texts = ["defaultModel", "customModels", "visionModels"] as const;
type Config = Record<(typeof flags)[number], boolean> & Record<(typeof texts)[number], string>;

export function ClientSettings() {
  const { data, error, reload } = useLoad(() => ask<Config>("GET", "/api/config"), []);
  const [draft, setDraft] = useState<Config>();
  useEffect(() => setDraft(data), [data]);
  const changed = data && draft ? changesOf(data, draft) : {};
  const isChanged = Object.keys(changed).length > 0;
  const save = async () => {
    if (!isChanged) return;
    await ask("PUT", "/api/config", changed);
    showToast(t("set.system.saved"));
    await reload();
  };
  const { submit, error: failure, isBusy } = useSubmit(save);
  return (
    <Card title={t("set.system")} lead={t("set.system.lead")}>
      <NotLoaded data={draft} {...{ error, reload }} rows={8} />
      {draft && (
        <form class="card-body stack" onSubmit={submit} noValidate>
          {flags.map((name) => (
            <Switch
              key={name}
              isLabelled
              label={t(`set.${name}`)}
              hint={t(`set.${name}.hint`)}
              isOn={draft[name]}
              onChange={(isOn) => setDraft({ ...draft, [name]: isOn })}
            />
          ))}
          {texts.map((name) => (
            <TextField
              key={name}
              label={t(`set.${name}`)}
              hint={t(`set.${name}.hint`)}
              value={draft[name]}
              maxLength={4_000}
              onInput={(text) => setDraft({ ...draft, [name]: text })}
            />
          ))}
          {failure !== undefined && <Notice kind="error">{failure}</Notice>}
          <div class="form-end">
            <Button type="submit" kind="primary" isBusy={isBusy} disabled={!isChanged}>
              {isBusy ? t("do.saving") : t("do.save")}
            </Button>
            {!isChanged && <span class="quiet">{t("set.system.unchanged")}</span>}
          </div>
        </form>
      )}
    </Card>
  );
}

function changesOf(known: Config, draft: Config): Partial<Config> {
  const names = [...flags, ...texts].filter((name) => draft[name] !== known[name]);
  return Object.fromEntries(names.map((name) => [name, draft[name]]));
}
