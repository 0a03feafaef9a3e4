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
}

export function Dialog({ title, onClose, children }: DialogProps) {
  const { ref, closed, close } = useModal(onClose);
  const titleId = useId();
  return (
    <dialog
      ref={ref}
      class="dialog"
      aria-labelledby={titleId}
      onClose={closed}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div class="dialog-box">
        <header>
          <h2 id={titleId}>{title}</h2>
          <IconButton icon="close" label={t("do.close")} onClick={close} />
        </header>
        {children}
      </div>
    </dialog>
  );
}

interface FormDialogProps extends DialogProps {
  submit: string;
  isDanger?: boolean;
  /** Sends the form. A rejection is shown in the dialog, which stays open. */
  onSubmit: () => Promise<void>;
}

export function FormDialog({ submit, isDanger, onSubmit, children, ...dialog }: FormDialogProps) {
  const state = useSubmit(onSubmit);
  return (
    <Dialog {...dialog}>
      <DialogForm
        state={state}
        texts={{ cancel: t("do.cancel"), submit }}
        isDanger={isDanger}
        onCancel={dialog.onClose}
      >
        {children}
      </DialogForm>
    </Dialog>
  );
}
