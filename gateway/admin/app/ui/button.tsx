import type { ComponentChildren } from "preact";
import { Icon, type IconName } from "./icons.tsx";

interface ButtonProps {
  children: ComponentChildren;
  icon?: IconName;
  kind?: "primary" | "plain" | "danger";
  type?: "button" | "submit";
  isBusy?: boolean;
  disabled?: boolean;
  onClick?: () => void;
}

/** A busy button keeps the focus and takes no click. */
export function Button({ children, icon, kind = "plain", type = "button", isBusy, disabled, onClick }: ButtonProps) {
  return (
    <button
      type={type}
      class={`button ${kind}`}
      disabled={disabled}
      aria-busy={isBusy}
      aria-disabled={isBusy}
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
  isBusy?: boolean;
  disabled?: boolean;
  isDanger?: boolean;
  onClick: () => void;
}

export function IconButton({ icon, label, isBusy, disabled, isDanger, onClick }: IconButtonProps) {
  return (
    <button
      type="button"
      class={`icon-button${isDanger ? " danger" : ""}`}
      aria-label={label}
      title={label}
      aria-busy={isBusy}
      disabled={disabled}
      onClick={() => {
        if (!isBusy) onClick();
      }}
    >
      {isBusy ? <span class="spinner" aria-hidden="true" /> : <Icon name={icon} />}
    </button>
  );
}

export function LinkButton({ href, icon, children }: { href: string; icon: IconName; children: ComponentChildren }) {
  return (
    <a class="button plain" href={href}>
      <Icon name={icon} />
      <span>{children}</span>
    </a>
  );
}
