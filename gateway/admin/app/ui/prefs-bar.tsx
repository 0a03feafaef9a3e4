import { changePrefs, t, usePrefs } from "../base/prefs.ts";
import { IconButton } from "./button.tsx";

/** Colors and language, in the bar of every page. */
export function PrefsBar() {
  const { language, theme } = usePrefs();
  const isDark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  return (
    <div class="prefs-bar">
      <button
        type="button"
        class="icon-button text"
        lang={language === "zh" ? "en" : "zh-CN"}
        onClick={() => changePrefs({ language: language === "zh" ? "en" : "zh" })}
      >
        {language === "zh" ? "English" : "中文"}
      </button>
      <IconButton
        icon={isDark ? "sun" : "moon"}
        label={`${t("bar.theme")}: ${isDark ? t("bar.theme.light") : t("bar.theme.dark")}`}
        onClick={() => changePrefs({ theme: isDark ? "light" : "dark" })}
      />
    </div>
  );
}
