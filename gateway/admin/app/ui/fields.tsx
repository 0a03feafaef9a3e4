// Inputs with their label, hint and error.
import { useId } from "preact/hooks";
import { FieldNote, PasswordInput, Radios, type RadiosProps, SwitchButton } from "../../../browser/kit/fields.tsx";
import { t } from "../base/prefs.ts";
import { Icon } from "./icons.tsx";

interface FieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string;
  error?: string;
  type?: "text" | "number" | "datetime-local";
  name?: string;
  autocomplete?: string;
  placeholder?: string;
  maxLength?: number;
  /** A dialog gives it the focus. */
  isFirst?: boolean;
}

export function TextField({ label, value, onInput, hint, error, type = "text", isFirst, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        {...(type === "datetime-local" ? ({ type } as const) : ({ type: "text" } as const))}
        inputMode={type === "number" ? "numeric" : undefined}
        value={value}
        aria-invalid={error !== undefined}
        aria-describedby={hint !== undefined || error !== undefined ? `${id}-more` : undefined}
        data-first={isFirst}
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
        {...rest}
      />
      <FieldNote id={`${id}-more`} hint={hint} error={error} />
    </div>
  );
}

export function PasswordField({ label, value, onInput, hint, error, autocomplete, name }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <PasswordInput
        id={id}
        name={name}
        value={value}
        autocomplete={autocomplete}
        isInvalid={error !== undefined}
        describedBy={hint !== undefined || error !== undefined ? `${id}-more` : undefined}
        onInput={onInput}
        texts={{ show: t("login.show"), hide: t("login.hide") }}
      />
      <FieldNote id={`${id}-more`} hint={hint} error={error} />
    </div>
  );
}

export function SearchField({ label, value, onInput }: Pick<FieldProps, "label" | "value" | "onInput">) {
  return (
    <div class="search">
      <Icon name="search" />
      <input
        class="input"
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}

interface SwitchProps {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  label: string;
  hint?: string;
  /** Shown beside the switch; otherwise the label is for screen readers alone. */
  isLabelled?: boolean;
  isBusy?: boolean;
}

export function Switch({ isOn, onChange, label, hint, isLabelled, isBusy }: SwitchProps) {
  const id = useId();
  const button = (
    <SwitchButton
      id={id}
      isOn={isOn}
      aria-label={isLabelled ? undefined : label}
      aria-busy={isBusy}
      aria-describedby={hint === undefined ? undefined : `${id}-more`}
      onChange={(next) => {
        if (!isBusy) onChange(next);
      }}
    />
  );
  if (!isLabelled) return button;
  return (
    <div class="switch-row">
      <div>
        <label for={id}>{label}</label>
        <FieldNote id={`${id}-more`} hint={hint} />
      </div>
      {button}
    </div>
  );
}

interface ChoiceProps<Value extends string> extends Omit<RadiosProps<Value>, "name"> {
  label: string;
}

/** A few choices side by side. */
export function Choice<Value extends string>({ label, ...radios }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="off-screen">{label}</legend>
      <Radios name={name} {...radios} />
    </fieldset>
  );
}
