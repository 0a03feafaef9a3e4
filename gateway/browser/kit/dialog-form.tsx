import type { ComponentChildren } from "preact";
import { BusyButton } from "./button.tsx";
import { Notice } from "./notice.tsx";
import type { useSubmitOf } from "./submit.ts";

interface DialogFormProps {
  /** Of the form; its error is shown above the buttons. */
  state: Pick<ReturnType<typeof useSubmitOf>, "submit" | "error" | "isBusy">;
  texts: { readonly cancel: string; readonly submit: string };
  isDanger?: boolean;
  onCancel: () => void;
  children: ComponentChildren;
}

/** The form of a dialog, with its two buttons. */
export function DialogForm({ state, texts, isDanger, onCancel, children }: DialogFormProps) {
  const { submit, error, isBusy } = state;
  return (
    <form onSubmit={submit} noValidate>
      <div class="dialog-body">{children}</div>
      {error !== undefined && <Notice kind="error">{error}</Notice>}
      <footer>
        <BusyButton kind="plain" onClick={onCancel}>
          {texts.cancel}
        </BusyButton>
        <BusyButton type="submit" kind={isDanger ? "danger" : "primary"} isBusy={isBusy}>
          {texts.submit}
        </BusyButton>
      </footer>
    </form>
  );
}
