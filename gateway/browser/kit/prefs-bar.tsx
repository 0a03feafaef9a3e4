import { CommonIcon } from "./icons.tsx";
import type { Prefs } from "./stored-prefs.ts";

interface PrefsBarProps {
  prefs: Prefs;
  change: (change: Partial<Prefs>) => void;
  /** Classes of the bar and of the button of the language. */
  kinds: { readonly bar: string; readonly language: string };
  texts: { readonly theme: string; readonly light: string; readonly dark: string };
}

/** Two buttons: the other language, and the other colors. */
export function PrefsBar({ prefs: { language, theme }, change, kinds, texts }: PrefsBarProps) {
  const isDark = theme === "dark" || (theme === "system" && matchMedia("(prefers-color-scheme: dark)").matches);
  const colors = `${texts.theme}: ${isDark ? texts.light : texts.dark}`;
  return (
    <div class={kinds.bar}>
      <button
        type="button"
        class={kinds.language}
        lang={language === "zh" ? "en" : "zh-CN"}
        onClick={() => change({ language: language === "zh" ? "en" : "zh" })}
      >
        {language === "zh" ? "English" : "中文"}
      </button>
      <button
        type="button"
        class="icon-button"
        aria-label={colors}
        title={colors}
        onClick={() => change({ theme: isDark ? "light" : "dark" })}
      >
        <CommonIcon name={isDark ? "sun" : "moon"} />
      </button>
    </div>
  );
}
