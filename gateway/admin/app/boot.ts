// Runs before the page is drawn, so that it never shows the wrong colors first.
import { applyPrefs, readPrefs } from "../../browser/kit/stored-prefs.ts";
import { storageKey } from "./base/storage-key.ts";

applyPrefs(readPrefs(storageKey));
