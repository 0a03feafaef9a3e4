import type { ComponentChildren } from "preact";

export interface BusyButtonProps {
  children: ComponentChildren;
  icon?: ComponentChildren;
  /** Its classes. */
  kind: string;
  type?: "button" | "submit";
  isBusy?: boolean;
  disabled?: boolean;
  testId?: string;
  onClick?: () => void;
}

/** A busy button keeps the focus and takes no click. */
export function BusyButton(props: BusyButtonProps) {
  const { children, icon, kind, type = "button", isBusy, disabled, testId, onClick } = props;
  return (
    <button
      type={type}
      class={`button ${kind}`}
      disabled={disabled}
      aria-busy={isBusy}
      aria-disabled={isBusy}
      data-testid={testId}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.();
      }}
    >
      {isBusy ? <span class="spinner" aria-hidden="true" /> : icon}
      <span>{children}</span>
    </button>
  );
}
