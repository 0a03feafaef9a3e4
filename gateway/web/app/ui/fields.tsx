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
  name?: string;
  autocomplete?: string;
  inputMode?: "text" | "numeric" | "email";
  maxLength?: number;
  /** The field has the focus at first. */
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
      <FieldNote id={`${id}-hint`} hint={hint} />
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
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <PasswordInput
        id={id}
        name="password"
        value={value}
        autocomplete={autocomplete}
        describedBy={hint === undefined ? undefined : `${id}-hint`}
        testId={testId}
        onInput={onInput}
        texts={{ show: t("auth.show"), hide: t("auth.hide") }}
      />
      <FieldNote id={`${id}-hint`} hint={hint} />
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
      <SwitchButton id={id} isOn={isOn} disabled={disabled} onChange={onChange} />
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
      <legend>{label}</legend>
      <div>
        <Radios name={name} {...radios} />
      </div>
    </fieldset>
  );
}
