import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { DialogForm } from "../../../browser/kit/dialog-form.tsx";
import { useModal } from "../../../browser/kit/modal.ts";
import { t } from "../base/prefs.ts";
import { IconButton } from "./button.tsx";
import { useSubmit } from "./submit.ts";

interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  isWide?: boolean;
}

export function Dialog({ title, onClose, children, isWide }: DialogProps) {
  const { ref, closed, close } = useModal(onClose);
  const titleId = useId();
  return (
    <dialog ref={ref} class={isWide ? "dialog wide" : "dialog"} aria-labelledby={titleId} onClose={closed}>
      <header>
        <h2 id={titleId}>{title}</h2>
        <IconButton icon="close" label={t("do.close")} onClick={close} />
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

export function FormDialog({ submit, busy, isDanger, onSubmit, children, ...dialog }: FormDialogProps) {
  const state = useSubmit(onSubmit);
  return (
    <Dialog {...dialog}>
      <DialogForm
        state={state}
        texts={{ cancel: t("do.cancel"), submit: state.isBusy ? busy : submit }}
        isDanger={isDanger}
        onCancel={dialog.onClose}
      >
        {children}
      </DialogForm>
    </Dialog>
  );
}
