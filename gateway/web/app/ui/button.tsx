import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons.tsx";

interface ButtonProps {
  children: ComponentChildren;
  icon?: IconName;
  kind?: "primary" | "plain" | "danger" | "quiet";
  type?: "button" | "submit";
  isBusy?: boolean;
  isWide?: boolean;
  disabled?: boolean;
  testId?: string;
  onClick?: () => void;
}

/** A busy button keeps the focus and takes no click. */
export function Button(props: ButtonProps) {
  const { children, icon, kind = "plain", type = "button", isBusy, isWide, disabled, testId, onClick } = props;
  return (
    <button
      type={type}
      class={`button ${kind}${isWide ? " wide" : ""}`}
      disabled={disabled}
      aria-busy={isBusy}
      aria-disabled={isBusy}
      data-testid={testId}
      onClick={(event) => {
        if (isBusy) event.preventDefault();
        else onClick?.();
      }}
    >
      {isBusy ? <span class="spinner" aria-hidden="true" /> : icon && <Icon name={icon} />}
      <span>{children}</span>
    </button>
  );
}

interface IconButtonProps {
  icon: IconName;
  label: string;
  kind?: "primary" | "plain" | "danger";
  disabled?: boolean;
  isOn?: boolean;
  testId?: string;
  onClick: (event: MouseEvent) => void;
}

export function IconButton({ icon, label, kind = "plain", disabled, isOn, testId, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button ${kind}`}
      aria-label={label}
      title={label}
      aria-pressed={isOn}
      disabled={disabled}
      data-testid={testId}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  );
}
