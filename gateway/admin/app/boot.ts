// Runs before the page is drawn, so that it never shows the wrong colors first.
import { applyPrefs, readPrefs } from "./base/stored-prefs.ts";

applyPrefs(readPrefs());
