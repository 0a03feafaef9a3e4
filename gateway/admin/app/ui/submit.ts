import { useSubmitOf } from "../../../browser/kit/submit.ts";
import { explain } from "../data/explain.ts";

export function useSubmit(action: () => Promise<void>) {
  return useSubmitOf(action, explain);
}
