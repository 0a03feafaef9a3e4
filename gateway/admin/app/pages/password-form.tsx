import { useState } from "preact/hooks";
import { Notice } from "../../../browser/kit/notice.tsx";
import { showToast } from "../../../browser/kit/toasts.ts";
import { t } from "../base/prefs.ts";
import { ApiError, ask, codes } from "../data/api.ts";
import { Button } from "../ui/button.tsx";
import { PasswordField } from "../ui/fields.tsx";
import { Card } from "../ui/page.tsx";
import { useSubmit } from "../ui/submit.ts";

const chars = { min: 8, max: 128 };
type Errors = { old?: string; next?: string; repeat?: string };

export function PasswordForm({ username }: { username: string }) {
  const [old, setOld] = useState("");
  const [next, setNext] = useState("");
  const [repeat, setRepeat] = useState("");
  const [errors, setErrors] = useState<Errors>({});
  const change = async () => {
    const found = check(old, next, repeat);
    setErrors(found);
    if (Object.keys(found).length > 0) return;
    try {
      await ask("POST", "/admin/change-password", { oldPassword: old, newPassword: next });
    } catch (thrown) {
      if (!(thrown instanceof ApiError && thrown.code === codes.wrongPassword)) throw thrown;
      return setErrors({ old: t("set.password.wrong") });
    }
    for (const set of [setOld, setNext, setRepeat]) set("");
    showToast(t("set.password.saved"));
  };
  const { submit, error, isBusy } = useSubmit(change);
  return (
    <Card title={t("set.password")} lead={t("set.password.lead")}>
      <form class="card-body stack" onSubmit={submit} noValidate>
        <input
          type="text"
          class="off-screen"
          name="username"
          autocomplete="username"
          value={username}
          readOnly
          hidden
        />
        <PasswordField
          label={t("set.password.old")}
          value={old}
          onInput={setOld}
          error={errors.old}
          autocomplete="current-password"
        />
        <PasswordField
          label={t("set.password.new")}
          value={next}
          onInput={setNext}
          hint={t("set.password.hint")}
          error={errors.next}
          autocomplete="new-password"
        />
        <PasswordField
          label={t("set.password.repeat")}
          value={repeat}
          onInput={setRepeat}
          error={errors.repeat}
          autocomplete="new-password"
        />
        {error !== undefined && <Notice kind="error">{error}</Notice>}
        <div>
          <Button type="submit" kind="primary" isBusy={isBusy}>
            {isBusy ? t("do.saving") : t("set.password")}
          </Button>
        </div>
      </form>
    </Card>
  );
}

function check(old: string, next: string, repeat: string): Errors {
  const length = [...next].length;
  if (old === "") return { old: t("set.password.wrong") };
  if (length < chars.min || length > chars.max) return { next: t("set.password.short") };
  if (next === old) return { next: t("set.password.same") };
  if (next !== repeat) return { repeat: t("set.password.differs") };
  return {};
}
