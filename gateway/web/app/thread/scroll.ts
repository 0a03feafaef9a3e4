// Where a thread is scrolled to. At the end it follows new messages; elsewhere what is on the screen stays where it is,
// whatever comes above or below.
import { useLayoutEffect, useRef, useState } from "preact/hooks";

/** px from the end that still count as the end. */
const endSlack = 60;
/** px from an edge at which more is loaded. */
const loadAt = 600;

interface ScrollOptions {
  /** Anything that changes the rows. */
  readonly version: unknown;
  /** The newest row; when an own message is added, the thread scrolls to it. */
  readonly ownKey: string | undefined;
  onOlder: () => void;
  onNewer: () => void;
  onEnd: () => void;
}

export function useThreadScroll({ version, ownKey, onOlder, onNewer, onEnd }: ScrollOptions) {
  const ref = useRef<HTMLDivElement>(null);
  const isAtEnd = useRef(true);
  const anchor = useRef<{ element: HTMLElement; top: number } | undefined>(undefined);
  const lastOwn = useRef(ownKey);
  const [isAway, setAway] = useState(false);

  const note = () => {
    const box = ref.current;
    if (!box) return;
    isAtEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < endSlack;
    anchor.current = firstVisible(box);
    setAway(!isAtEnd.current);
  };
  const settle = () => {
    const box = ref.current;
    if (!box) return;
    if (isAtEnd.current) box.scrollTop = box.scrollHeight;
    else if (anchor.current?.element.isConnected) {
      box.scrollTop += anchor.current.element.getBoundingClientRect().top - anchor.current.top;
    }
    anchor.current = firstVisible(box);
  };
  const toEnd = () => {
    isAtEnd.current = true;
    settle();
    setAway(false);
    onEnd();
  };

  useLayoutEffect(() => {
    if (ownKey !== lastOwn.current && ownKey !== undefined) isAtEnd.current = true;
    lastOwn.current = ownKey;
    settle();
    if (isAtEnd.current) onEnd();
  }, [version, ownKey]);

  useLayoutEffect(() => {
    const box = ref.current;
    if (!box) return;
    const observer = new ResizeObserver(settle);
    observer.observe(box);
    if (box.firstElementChild) observer.observe(box.firstElementChild);
    return () => observer.disconnect();
  }, []);

  const onScroll = () => {
    const box = ref.current;
    if (!box) return;
    note();
    if (box.scrollTop < loadAt) onOlder();
    if (box.scrollHeight - box.scrollTop - box.clientHeight < loadAt) onNewer();
    if (isAtEnd.current) onEnd();
  };

  /** Brings a row into the middle and shows it for a moment. */
  const show = (key: string): boolean => {
    const row = ref.current?.querySelector<HTMLElement>(`[data-key="${CSS.escape(key)}"]`);
    if (!row) return false;
    isAtEnd.current = false;
    row.scrollIntoView({ block: "center" });
    row.classList.remove("shown");
    void row.offsetWidth;
    row.classList.add("shown");
    note();
    return true;
  };
  return { ref, isAway, onScroll, toEnd, show };
}

function firstVisible(box: HTMLElement): { element: HTMLElement; top: number } | undefined {
  const edge = box.getBoundingClientRect().top;
  for (const element of box.querySelectorAll<HTMLElement>("[data-key]")) {
    const { top, bottom } = element.getBoundingClientRect();
    if (bottom > edge) return { element, top };
  }
  return undefined;
}
