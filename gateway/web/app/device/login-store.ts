// The login of this browser: its tokens, which all tabs share, and the id of the device.
import type { Tokens } from "../../../client/api/session.ts";

const tokensKey = "parley.web.login";
const deviceKey = "parley.web.device";

export function readTokens(): Tokens | undefined {
  try {
    const tokens: unknown = JSON.parse(localStorage.getItem(tokensKey) ?? "null");
    const isLogin =
      typeof tokens === "object" && tokens !== null && "accessToken" in tokens && "refreshToken" in tokens;
    return isLogin ? (tokens as Tokens) : undefined;
  } catch {
    return undefined;
  }
}

/** Undefined: the login is over. */
export function storeTokens(tokens: Tokens | undefined): void {
  try {
    if (!tokens) localStorage.removeItem(tokensKey);
    else {
      const { userId, accessToken, refreshToken, expiresIn } = tokens;
      localStorage.setItem(tokensKey, JSON.stringify({ userId, accessToken, refreshToken, expiresIn }));
    }
  } catch {
    // A browser that keeps nothing forgets the login with the page.
  }
}

/** Another tab has logged in or out, or has renewed the tokens. */
export function watchTokens(changed: (tokens: Tokens | undefined) => void): () => void {
  const listener = ({ key }: StorageEvent) => {
    if (key === tokensKey || key === null) changed(readTokens());
  };
  addEventListener("storage", listener);
  return () => removeEventListener("storage", listener);
}

/** The same for every start in this browser. */
export function deviceIdOfBrowser(newId: () => string): string {
  const made = `web-${newId()}`;
  try {
    const known = localStorage.getItem(deviceKey);
    if (known) return known;
    localStorage.setItem(deviceKey, made);
    return made;
  } catch {
    return made;
  }
}
