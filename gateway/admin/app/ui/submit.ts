import { useState } from "preact/hooks";
import { explain } from "../data/explain.ts";

/** Sends a form, once at a time. What `action` throws becomes `error`. */
export function useSubmit(action: () => Promise<void>) {
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
  return { submit, error, isBusy };
}
