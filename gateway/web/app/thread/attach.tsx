import { useRef } from "preact/hooks";
import { t } from "../base/prefs.ts";
import { IconButton } from "../ui/button.tsx";

/** Chooses files of this device. */
export function Attach({ onFiles }: { onFiles: (files: readonly File[]) => void }) {
  const ref = useRef<HTMLInputElement>(null);
  return (
    <>
      <IconButton icon="attach" label={t("thread.attach")} onClick={() => ref.current?.click()} />
      <input
        ref={ref}
        type="file"
        class="off-screen"
        multiple
        tabIndex={-1}
        aria-label={t("thread.attach")}
        data-testid="attach"
        onChange={(event) => {
          onFiles([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = "";
        }}
      />
    </>
  );
}
