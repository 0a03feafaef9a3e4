// Runs before the page is drawn, so that it never shows the wrong colors first.
import { applyPrefs, readPrefs, storePrefs } from "../../browser/kit/stored-prefs.ts";
import { storageKey } from "./base/storage-key.ts";

const asked = new URLSearchParams(location.search).get("lang");
const prefs = readPrefs(storageKey);
const chosen: typeof prefs = asked === "en" || asked === "zh" ? { ...prefs, language: asked } : prefs;
if (chosen !== prefs) storePrefs(storageKey, chosen);
applyPrefs(chosen);
