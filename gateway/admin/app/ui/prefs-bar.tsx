import { PrefsBar as PrefsBarOf } from "../../../browser/kit/prefs-bar.tsx";
import { changePrefs, t, usePrefs } from "../base/prefs.ts";

/** Colors and language, in the bar of every page. */
export function PrefsBar() {
  return (
    <PrefsBarOf
      prefs={usePrefs()}
      change={changePrefs}
      kinds={{ bar: "prefs-bar", language: "icon-button text" }}
      texts={{ theme: t("bar.theme"), light: t("bar.theme.light"), dark: t("bar.theme.dark") }}
    />
  );
}
