import type { ComponentChildren } from "preact";
import { BusyButton, type BusyButtonProps } from "../../../browser/kit/button.tsx";
import { Icon, type IconName } from "./icons.tsx";

interface ButtonProps extends Omit<BusyButtonProps, "icon" | "kind" | "testId"> {
  icon?: IconName;
  kind?: "primary" | "plain" | "danger";
}

export function Button({ icon, kind = "plain", ...rest }: ButtonProps) {
  return <BusyButton {...rest} kind={kind} icon={icon && <Icon name={icon} />} />;
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
