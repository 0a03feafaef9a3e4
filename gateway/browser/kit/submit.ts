import { useState } from "preact/hooks";

/** Sends a form, once at a time. `error` is what `explain` says of the error that `action` throws. */
export function useSubmitOf(action: () => Promise<void>, explain: (thrown: unknown) => string) {
  const [error, setError] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (isBusy) return;
    setBusy(true);
    setError(undefined);
    try {
      await action();
    } catch (thrown) {
      setError(explain(thrown));
    }
    setBusy(false);
  };
  return { submit, error, isBusy, setError };
}
