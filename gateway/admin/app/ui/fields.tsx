// Inputs with their label, hint and error.
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { IconButton } from "./button.tsx";
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
      <More id={`${id}-more`} hint={hint} error={error} />
    </div>
  );
}

export function PasswordField({ label, value, onInput, hint, error, autocomplete, name }: FieldProps) {
  const id = useId();
  const [isShown, setShown] = useState(false);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="with-button">
        <input
          id={id}
          class="input"
          {...(isShown ? ({ type: "text" } as const) : ({ type: "password" } as const))}
          name={name}
          value={value}
          autocomplete={autocomplete as "current-password"}
          maxLength={128}
          aria-invalid={error !== undefined}
          aria-describedby={hint !== undefined || error !== undefined ? `${id}-more` : undefined}
          spellcheck={false}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <IconButton
          icon={isShown ? "hidden" : "eye"}
          label={isShown ? t("login.hide") : t("login.show")}
          onClick={() => setShown(!isShown)}
        />
      </div>
      <More id={`${id}-more`} hint={hint} error={error} />
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
    <button
      id={id}
      type="button"
      role="switch"
      class="switch"
      aria-checked={isOn}
      aria-label={isLabelled ? undefined : label}
      aria-busy={isBusy}
      aria-describedby={hint === undefined ? undefined : `${id}-more`}
      onClick={() => {
        if (!isBusy) onChange(!isOn);
      }}
    >
      <span />
    </button>
  );
  if (!isLabelled) return button;
  return (
    <div class="switch-row">
      <div>
        <label for={id}>{label}</label>
        <More id={`${id}-more`} hint={hint} />
      </div>
      {button}
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly (readonly [Value, ComponentChildren])[];
  onChange: (value: Value) => void;
}

/** A few choices side by side. */
export function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend class="off-screen">{label}</legend>
      {options.map(([each, text]) => (
        <label key={each} class={each === value ? "chosen" : ""}>
          <input type="radio" name={name} value={each} checked={each === value} onChange={() => onChange(each)} />
          {text}
        </label>
      ))}
    </fieldset>
  );
}

function More({ id, hint, error }: { id: string; hint?: string; error?: string }) {
  if (error !== undefined) {
    return (
      <p id={id} class="field-error" role="alert">
        {error}
      </p>
    );
  }
  return hint === undefined ? null : (
    <p id={id} class="hint">
      {hint}
    </p>
  );
}
