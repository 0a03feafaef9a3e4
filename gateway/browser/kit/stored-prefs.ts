// Language and colors of this browser, kept in its storage. Each app has a key of its own.
import { chooseLanguage, type Language } from "./language.ts";

export type Theme = "system" | "light" | "dark";
export interface Prefs {
  readonly language: Language;
  readonly theme: Theme;
}

export function readPrefs(storageKey: string): Prefs {
  return { language: chooseLanguage(navigator.languages), theme: "system", ...readStored(storageKey) };
}

export function storePrefs(storageKey: string, prefs: Prefs): void {
  try {
    localStorage.setItem(storageKey, JSON.stringify(prefs));
  } catch {
    // A browser that keeps nothing forgets them with the page.
  }
}

/** Sets the attributes that the style and screen readers read. */
export function applyPrefs({ language, theme }: Prefs): void {
  const { documentElement } = document;
  documentElement.lang = language === "zh" ? "zh-CN" : "en";
  if (theme === "system") documentElement.removeAttribute("data-theme");
  else documentElement.dataset.theme = theme;
}

function readStored(storageKey: string): Partial<Prefs> {
  try {
    const { language, theme } = JSON.parse(localStorage.getItem(storageKey) ?? "{}") as Record<string, unknown>;
    return {
      ...((language === "en" || language === "zh") && { language }),
      ...((theme === "light" || theme === "dark") && { theme }),
    };
  } catch {
    return {};
  }
}
