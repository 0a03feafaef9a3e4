// Parts of inputs.
import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";
import { CommonIcon } from "./icons.tsx";

interface PasswordInputProps {
  id: string;
  name?: string;
  value: string;
  autocomplete?: string;
  isInvalid?: boolean;
  describedBy?: string;
  testId?: string;
  onInput: (value: string) => void;
  /** Names of the button that shows and hides the password. */
  texts: { readonly show: string; readonly hide: string };
}

export function PasswordInput(props: PasswordInputProps) {
  const { id, name, value, autocomplete, isInvalid, describedBy, testId, onInput, texts } = props;
  const [isShown, setShown] = useState(false);
  const text = isShown ? texts.hide : texts.show;
  return (
    <div class="with-button">
      <input
        id={id}
        class="input"
        {...(isShown ? ({ type: "text" } as const) : ({ type: "password" } as const))}
        name={name}
        value={value}
        autocomplete={autocomplete as "current-password"}
        maxLength={128}
        aria-invalid={isInvalid}
        aria-describedby={describedBy}
        data-testid={testId}
        spellcheck={false}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
      <button type="button" class="icon-button" aria-label={text} title={text} onClick={() => setShown(!isShown)}>
        <CommonIcon name={isShown ? "hidden" : "eye"} />
      </button>
    </div>
  );
}

interface SwitchButtonProps extends Omit<JSX.IntrinsicElements["button"], "onChange"> {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
}

export function SwitchButton({ isOn, onChange, ...rest }: SwitchButtonProps) {
  return (
    <button {...rest} type="button" role="switch" class="switch" aria-checked={isOn} onClick={() => onChange(!isOn)}>
      <span />
    </button>
  );
}

export interface RadiosProps<Value extends string> {
  name: string;
  value: Value;
  options: readonly (readonly [Value, ComponentChildren])[];
  onChange: (value: Value) => void;
}

/** The options of a choice, side by side. */
export function Radios<Value extends string>({ name, value, options, onChange }: RadiosProps<Value>) {
  return (
    <>
      {options.map(([each, text]) => (
        <label key={each} class={each === value ? "chosen" : ""}>
          <input type="radio" name={name} value={each} checked={each === value} onChange={() => onChange(each)} />
          {text}
        </label>
      ))}
    </>
  );
}

/** Below an input: its error, else its hint. */
export function FieldNote({ id, hint, error }: { id: string; hint?: string; error?: string }) {
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
