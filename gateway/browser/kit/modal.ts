import { useLayoutEffect, useRef } from "preact/hooks";

/**
 * For a dialog element: the browser keeps the focus inside, closes the dialog by Esc, and gives the focus back to what opened
 * the dialog. `data-first` marks what has the focus at first.
 */
export function useModal(onClose: () => void) {
  const ref = useRef<HTMLDialogElement>(null);
  const isGone = useRef(false);
  useLayoutEffect(() => {
    const dialog = ref.current;
    dialog?.showModal();
    // Otherwise the button that closes the dialog has the focus.
    dialog?.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      isGone.current = true;
      dialog?.close();
    };
  }, []);
  // The event comes late: by then another dialog may stand here.
  const closed = () => {
    if (!isGone.current) onClose();
  };
  return { ref, closed, close: () => ref.current?.close() };
}
