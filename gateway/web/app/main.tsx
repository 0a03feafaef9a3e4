// The chat for browsers: the log-in, or the chats of the user who is logged in.
import { render } from "preact";
import { AuthPage } from "./auth/auth-page.tsx";
import { usePrefs } from "./base/prefs.ts";
import { useSource } from "./base/use-source.ts";
import { Account } from "./model/account.ts";
import { Shell } from "./shell.tsx";
import { Toasts } from "./ui/toasts.tsx";

const account = new Account();

function App() {
  // Every text is drawn again when the language changes.
  const { language } = usePrefs();
  const { state } = useSource(account);
  return (
    <>
      {state.kind === "out" ? (
        <AuthPage account={account} reason={state.reason} />
      ) : (
        <Shell key={language} account={account} desk={state.desk} />
      )}
      <Toasts />
    </>
  );
}

render(<App />, document.body);
