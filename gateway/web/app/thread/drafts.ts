// What was typed and not sent, of each conversation, until the browser's tab is closed.
const prefix = "parley.web.draft.";

export function readDraft(sessionId: string): string {
  try {
    return sessionStorage.getItem(prefix + sessionId) ?? "";
  } catch {
    return "";
  }
}

export function storeDraft(sessionId: string, text: string): void {
  try {
    if (text === "") sessionStorage.removeItem(prefix + sessionId);
    else sessionStorage.setItem(prefix + sessionId, text);
  } catch {
    // Too much is stored: the draft lives as long as the page.
  }
}
