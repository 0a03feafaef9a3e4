import { useEffect, useState } from "preact/hooks";

/** The width below which one pane stands alone. */
const narrow = "(max-width: 48rem)";

/** Whether the screen holds one pane at a time: a phone's. */
export function useNarrow(): boolean {
  const [isNarrow, setNarrow] = useState(() => matchMedia(narrow).matches);
  useEffect(() => {
    const query = matchMedia(narrow);
    const read = () => setNarrow(query.matches);
    query.addEventListener("change", read);
    return () => query.removeEventListener("change", read);
  }, []);
  return isNarrow;
}
