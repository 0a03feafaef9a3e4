import { useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import { ask } from "../data/api.ts";
import { explain } from "../data/explain.ts";
import { Switch } from "../ui/fields.tsx";

interface ActiveSwitchProps {
  /** Of the key or the account. */
  path: string;
  isOn: boolean;
  label: string;
  /** What is said when it was changed. */
  changed: { on: string; off: string };
  reload: () => Promise<void>;
}

/** Turns a key or an account on and off. */
export function ActiveSwitch({ path, isOn, label, changed, reload }: ActiveSwitchProps) {
  const [isBusy, setBusy] = useState(false);
  const change = async (isOn: boolean) => {
    setBusy(true);
    try {
      await ask("PATCH", path, { is_active: isOn });
      showToast(isOn ? changed.on : changed.off);
    } catch (thrown) {
      showToast(explain(thrown), "error");
    }
    await reload();
    setBusy(false);
  };
  return <Switch isOn={isOn} label={label} onChange={change} isBusy={isBusy} />;
}
