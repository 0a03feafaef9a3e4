import { useEffect, useState } from "preact/hooks";

/** What `read` makes of the hash of the address. The component that calls it is drawn again when the hash changes. */
export function useHash<Place>(read: (hash: string) => Place): Place {
  const [place, setPlace] = useState(() => read(location.hash));
  useEffect(() => {
    const follow = () => setPlace(read(location.hash));
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  return place;
}
