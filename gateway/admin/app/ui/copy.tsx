import { useEffect, useState } from "preact/hooks";
import { showToast } from "../../../browser/kit/toasts.ts";
import { t } from "../base/prefs.ts";
import { Button } from "./button.tsx";

/** A text that is copied whole: a key, a code, a command. */
export function Copyable({ text, label, isPrimary }: { text: string; label: string; isPrimary?: boolean }) {
  const [isCopied, setCopied] = useState(false);
  useEffect(() => {
    if (!isCopied) return;
    const timer = setTimeout(() => setCopied(false), 2_500);
    return () => clearTimeout(timer);
  }, [isCopied]);
  return (
    <div class="copyable">
      <code title={label}>{text}</code>
      <Button
        kind={isPrimary ? "primary" : "plain"}
        icon={isCopied ? "check" : "copy"}
        onClick={async () => {
          if (await copy(text)) setCopied(true);
          else showToast(t("error.copy"), "error");
        }}
      >
        {isCopied ? t("do.copied") : t("do.copy")}
      </Button>
    </div>
  );
}

/** Pages that came by plain http have no clipboard: there the browser's older command copies a selection. */
async function copy(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    field.className = "off-screen";
    (document.querySelector("dialog[open]") ?? document.body).append(field);
    field.select();
    const isCopied = document.execCommand("copy");
    field.remove();
    return isCopied;
  }
}
