// Inputs with their label, hint and error.
import { useId, useState } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { IconButton } from "./button.tsx";
import { Icon } from "./icons.tsx";

interface FieldProps {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: string;
  name?: string;
  autocomplete?: string;
  inputMode?: "text" | "numeric" | "email";
  maxLength?: number;
  /** It has the focus at first. */
  isFirst?: boolean;
  testId?: string;
}

export function TextField({ label, value, onInput, hint, isFirst, testId, autocomplete, ...rest }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        class="input"
        type="text"
        value={value}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        data-first={isFirst}
        data-testid={testId}
        spellcheck={false}
        autocapitalize="off"
        autocomplete={autocomplete as "off"}
        onInput={(event) => onInput(event.currentTarget.value)}
        {...rest}
      />
      {hint !== undefined && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

export function TextArea({ label, value, onInput, maxLength, isFirst }: FieldProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea
        id={id}
        class="input area"
        rows={5}
        value={value}
        maxLength={maxLength}
        data-first={isFirst}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  );
}

export function PasswordField({ label, value, onInput, hint, autocomplete, testId }: FieldProps) {
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
          name="password"
          value={value}
          autocomplete={autocomplete as "current-password"}
          maxLength={128}
          aria-describedby={hint === undefined ? undefined : `${id}-hint`}
          data-testid={testId}
          spellcheck={false}
          onInput={(event) => onInput(event.currentTarget.value)}
        />
        <IconButton
          icon={isShown ? "hidden" : "eye"}
          label={isShown ? t("auth.hide") : t("auth.show")}
          onClick={() => setShown(!isShown)}
        />
      </div>
      {hint !== undefined && (
        <p id={`${id}-hint`} class="hint">
          {hint}
        </p>
      )}
    </div>
  );
}

interface SearchFieldProps extends Pick<FieldProps, "label" | "value" | "onInput" | "testId" | "isFirst"> {
  onSubmit?: () => void;
}

export function SearchField({ label, value, onInput, onSubmit, testId, isFirst }: SearchFieldProps) {
  return (
    <div class="search">
      <Icon name="search" />
      <input
        class="input"
        type="text"
        inputMode="search"
        aria-label={label}
        placeholder={label}
        value={value}
        data-testid={testId}
        data-first={isFirst}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter" && !event.isComposing) {
            event.preventDefault();
            onSubmit?.();
          }
        }}
      />
    </div>
  );
}

interface SwitchProps {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  label: string;
  hint?: string;
  disabled?: boolean;
}

export function Switch({ isOn, onChange, label, hint, disabled }: SwitchProps) {
  const id = useId();
  return (
    <div class="switch-row">
      <div>
        <label for={id}>{label}</label>
        {hint !== undefined && <p class="hint">{hint}</p>}
      </div>
      <button
        id={id}
        type="button"
        role="switch"
        class="switch"
        aria-checked={isOn}
        disabled={disabled}
        onClick={() => onChange(!isOn)}
      >
        <span />
      </button>
    </div>
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  value: Value;
  options: readonly (readonly [Value, string])[];
  onChange: (value: Value) => void;
}

/** A few choices side by side. */
export function Choice<Value extends string>({ label, value, options, onChange }: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      <div>
        {options.map(([each, text]) => (
          <label key={each} class={each === value ? "chosen" : ""}>
            <input type="radio" name={name} value={each} checked={each === value} onChange={() => onChange(each)} />
            {text}
          </label>
        ))}
      </div>
    </fieldset>
  );
}
