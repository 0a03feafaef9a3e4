import { BusyButton, type BusyButtonProps } from "../../../browser/kit/button.tsx";
import { Icon, type IconName } from "./icons.tsx";

interface ButtonProps extends Omit<BusyButtonProps, "icon" | "kind"> {
  icon?: IconName;
  kind?: "primary" | "plain" | "danger" | "quiet";
  isWide?: boolean;
}

export function Button({ icon, kind = "plain", isWide, ...rest }: ButtonProps) {
  return <BusyButton {...rest} kind={isWide ? `${kind} wide` : kind} icon={icon && <Icon name={icon} />} />;
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
