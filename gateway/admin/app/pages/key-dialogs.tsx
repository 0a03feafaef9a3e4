// The dialogs that make and change an API key.
import { useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { ask } from "../data/api.ts";
import { type ApiKey, type LimitName, limitNames } from "../data/shapes.ts";
import { Button } from "../ui/button.tsx";
import { Copyable } from "../ui/copy.tsx";
import { Dialog, FormDialog } from "../ui/dialog.tsx";
import { TextField } from "../ui/fields.tsx";

interface KeyFields {
  name: string;
  limits: Record<LimitName, string>;
}

const maxLimit = Number.MAX_SAFE_INTEGER;

export function NewKeyDialog({ onClose, onMade }: { onClose: () => void; onMade: (key: ApiKey) => void }) {
  const [fields, setFields] = useState<KeyFields>({ name: "", limits: { quota: "", rpm: "", tpm: "", parallel: "" } });
  return (
    <FormDialog
      title={t("keys.create.title")}
      submit={t("keys.create.submit")}
      busy={t("keys.create.busy")}
      onClose={onClose}
      onSubmit={async () => {
        if (hasWrongLimit(fields)) return;
        onMade(await ask<ApiKey>("POST", "/admin/api-keys", bodyOf(fields)));
      }}
    >
      <KeyForm fields={fields} onChange={setFields} />
    </FormDialog>
  );
}

interface EditKeyProps {
  apiKey: ApiKey;
  onClose: () => void;
  onSaved: () => void;
}

export function EditKeyDialog({ apiKey, onClose, onSaved }: EditKeyProps) {
  const textOf = (name: LimitName) => String(apiKey[name] ?? "");
  const [fields, setFields] = useState<KeyFields>({
    name: apiKey.name,
    limits: { quota: textOf("quota"), rpm: textOf("rpm"), tpm: textOf("tpm"), parallel: textOf("parallel") },
  });
  return (
    <FormDialog
      title={t("keys.edit.title", { name: apiKey.name === "" ? t("keys.unnamed") : apiKey.name })}
      submit={t("do.save")}
      busy={t("do.saving")}
      onClose={onClose}
      onSubmit={async () => {
        if (hasWrongLimit(fields)) return;
        await ask("PATCH", `/admin/api-keys/${apiKey.id}`, bodyOf(fields));
        onSaved();
      }}
    >
      <KeyForm fields={fields} onChange={setFields} />
    </FormDialog>
  );
}

export function MadeKeyDialog({ apiKey, onClose }: { apiKey: ApiKey; onClose: () => void }) {
  return (
    <Dialog title={t("keys.made.title")} onClose={onClose}>
      <div class="dialog-body">
        <p>{t("keys.made.lead")}</p>
        <Copyable text={apiKey.key} label={t("keys.key")} isPrimary />
        <p>{t("keys.made.try")}</p>
        <Copyable text={`curl ${location.origin}/v1/models -H "Authorization: Bearer ${apiKey.key}"`} label="curl" />
      </div>
      <footer>
        <Button onClick={onClose}>{t("keys.made.done")}</Button>
      </footer>
    </Dialog>
  );
}

function KeyForm({ fields, onChange }: { fields: KeyFields; onChange: (fields: KeyFields) => void }) {
  const { name, limits } = fields;
  return (
    <>
      <TextField
        label={t("keys.name")}
        hint={t("keys.name.hint")}
        value={name}
        maxLength={100}
        onInput={(text) => onChange({ ...fields, name: text })}
        isFirst
      />
      <fieldset class="fields">
        <legend>{t("keys.limits.legend")}</legend>
        {limitNames.map((each) => (
          <TextField
            key={each}
            type="number"
            label={t(`keys.${each}`)}
            hint={t(each === "quota" ? "keys.quota.hint" : "keys.limit.hint")}
            error={isLimit(limits[each]) ? undefined : t("keys.limit.wrong")}
            value={limits[each]}
            maxLength={16}
            onInput={(text) => onChange({ ...fields, limits: { ...limits, [each]: text.trim() } })}
          />
        ))}
      </fieldset>
    </>
  );
}

function isLimit(text: string): boolean {
  return text === "" || (/^\d+$/.test(text) && Number(text) <= maxLimit);
}

/** The form shows which one. */
function hasWrongLimit({ limits }: KeyFields): boolean {
  return limitNames.some((name) => !isLimit(limits[name]));
}

function bodyOf({ name, limits }: KeyFields): object {
  const set = limitNames.filter((each) => limits[each] !== "");
  return { name: name.trim(), limits: Object.fromEntries(set.map((each) => [each, Number(limits[each])])) };
}
