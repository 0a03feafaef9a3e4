import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { Button, IconButton } from "./button.tsx";
import { Notice } from "./notice.tsx";
import { useSubmit } from "./submit.ts";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  isWide?: boolean;
}

/** The browser keeps the focus inside, closes it by Esc, and gives the focus back to what opened it. */
export function Dialog({ title, onClose, children, isWide }: DialogProps) {
  const element = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  const titleId = useId();
  // The event comes late: by then another dialog may stand here.
  const closed = () => {
    if (!isGone.current) onClose();
  };
  useLayoutEffect(() => {
    const dialog = element.current;
    dialog?.showModal();
    // Otherwise the button that closes it has the focus.
    dialog?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      isGone.current = true;
      dialog?.close();
    };
  }, []);
  return (
    <dialog ref={element} class={isWide ? "dialog wide" : "dialog"} aria-labelledby={titleId} onClose={closed}>
      <header>
        <h2 id={titleId}>{title}</h2>
        <IconButton icon="close" label={t("do.close")} onClick={() => element.current?.close()} />
      </header>
      {children}
    </dialog>
  );
}

interface FormDialogProps extends DialogProps {
  submit: string;
  busy: string;
  isDanger?: boolean;
  /** Its rejection is shown in the dialog, which stays open. */
  onSubmit: () => Promise<void>;
}

export function FormDialog({ submit: submitText, busy, isDanger, onSubmit, children, ...dialog }: FormDialogProps) {
  const { submit, error, isBusy } = useSubmit(onSubmit);
  return (
    <Dialog {...dialog}>
      <form onSubmit={submit} noValidate>
        <div class="dialog-body">{children}</div>
        {error !== undefined && <Notice kind="error">{error}</Notice>}
        <footer>
          <Button onClick={dialog.onClose}>{t("do.cancel")}</Button>
          <Button type="submit" kind={isDanger ? "danger" : "primary"} isBusy={isBusy}>
            {isBusy ? busy : submitText}
          </Button>
        </footer>
      </form>
    </Dialog>
  );
}
