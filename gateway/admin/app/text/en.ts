// Every text of the admin pages, in English. A key that ends in `.one` is used where `n` is 1.
import { enPages } from "./en-pages.ts";

export const en = {
  ...enPages,

  "app.name": "Parley",
  "app.title": "Parley administration",
  "app.skip": "Skip to the content",

  "nav.label": "Pages",
  "nav.dashboard": "Dashboard",
  "nav.keys": "API keys",
  "nav.tokens": "Tokens",
  "nav.logs": "Logs",
  "nav.settings": "Settings",

  "bar.logout": "Log out",
  "bar.theme": "Colors",
  "bar.theme.system": "Same as the system",
  "bar.theme.light": "Light",
  "bar.theme.dark": "Dark",
  "bar.language": "Language",

  "do.cancel": "Cancel",
  "do.close": "Close",
  "do.save": "Save",
  "do.saving": "Saving…",
  "do.delete": "Delete",
  "do.deleting": "Deleting…",
  "do.edit": "Edit",
  "do.copy": "Copy",
  "do.copied": "Copied",
  "do.retry": "Try again",
  "do.reload": "Reload",
  "do.details": "Details",
  "do.clear": "Clear filters",
  "do.more": "Load older",

  "state.loading": "Loading…",
  "state.never": "never",
  "state.none": "none",
  "state.unlimited": "no limit",

  "error.title": "This could not be loaded",
  "error.network": "The server cannot be reached. Check the connection, then try again.",
  "error.server": "The server had a problem. Try again; if it stays, look into its log for request {id}.",
  "error.unavailable": "The server cannot answer now. It may be starting: try again in a moment.",
  "error.tooMany": "Too many requests. Try again in {n} seconds.",
  "error.tooMany.one": "Too many requests. Try again in one second.",
  "error.forbidden": "This account is no administrator. Log in with one that is.",
  "error.sessionEnded": "Your login has ended. Log in again to go on.",
  "error.notFound": "This is gone: somebody has removed it. Reload the list.",
  "error.copy": "The browser did not allow copying. Select the text and copy it by hand.",

  "login.title": "Administration",
  "login.lead": "Log in to manage keys, accounts and usage.",
  "login.username": "Username",
  "login.password": "Password",
  "login.show": "Show the password",
  "login.hide": "Hide the password",
  "login.submit": "Log in",
  "login.busy": "Logging in…",
  "login.wrong": "The username or the password is wrong.",
  "login.missing": "Enter the username and the password.",
  "login.locked": "Too many wrong passwords. You can try again in {n} seconds.",
  "login.locked.one": "Too many wrong passwords. You can try again in one second.",
  "login.hint":
    "The first start of the server prints the password of the administrator, or takes it from ADMIN_PASSWORD.",

  "series.ok": "Answered",
  "series.failed": "Failed",
  "series.prompt": "Input",
  "series.completion": "Output",
  "series.cost": "Cost",
  "chart.asTable": "Show as a table",
  "chart.time": "Time (UTC)",
  "chart.hint": "Use the arrow keys to read single values.",
  "chart.sum": "Total",

  "unit.requests": "requests",
  "unit.tokens": "tokens",
  "unit.ms": "{n} ms",
  "unit.s": "{n} s",
} as const;

export type TextKey = keyof typeof en;
