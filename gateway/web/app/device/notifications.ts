// Notifications of the browser, while a page is open. They are shown only after the user has asked for them.
const key = "parley.web.notifications";

export function notificationState(): "on" | "off" | "denied" | "none" {
  if (!("Notification" in globalThis)) return "none";
  if (Notification.permission === "denied") return "denied";
  return Notification.permission === "granted" && localStorage.getItem(key) === "on" ? "on" : "off";
}

/** Turning notifications on makes the browser ask the user for permission. */
export async function turnNotifications(isOn: boolean): Promise<void> {
  if (isOn && (await Notification.requestPermission()) !== "granted") return;
  localStorage.setItem(key, isOn ? "on" : "off");
}

/** A notification of a conversation replaces the one before. */
export function showNotification(title: string, body: string, tag: string, onClick: () => void): void {
  if (notificationState() !== "on") return;
  try {
    const shown = new Notification(title, { body, tag });
    shown.onclick = () => {
      focus();
      onClick();
      shown.close();
    };
  } catch {
    // A phone's browser shows them by a service worker only.
  }
}
