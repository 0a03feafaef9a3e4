import { useModal } from "../../../browser/kit/modal.ts";
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { IconButton } from "../ui/button.tsx";
import { type FileContent, usePicture } from "./use-picture.ts";

interface ImageViewerProps {
  desk: Desk;
  content: FileContent;
  onClose: () => void;
}

/** A picture on the whole screen. A click beside it, or Esc, closes it. */
export function ImageViewer({ desk, content, onClose }: ImageViewerProps) {
  const { ref, closed, close } = useModal(onClose);
  const { fileName = "" } = content;
  const address = usePicture(desk, content, content.url ?? "");
  const isThere = address !== undefined && address !== "failed";
  return (
    <dialog
      ref={ref}
      class="viewer"
      aria-label={fileName || t("kind.image")}
      data-testid="image-viewer"
      onClose={closed}
      onClick={(event) => {
        if (event.target === event.currentTarget) close();
      }}
      onKeyDown={(event) => event.stopPropagation()}
    >
      <div class="viewer-bar">
        {isThere && (
          <a class="button" href={address} download={fileName || "picture"}>
            {t("media.save")}
          </a>
        )}
        <IconButton icon="close" label={t("do.close")} onClick={close} />
      </div>
      {isThere && <img src={address} alt={fileName} />}
    </dialog>
  );
}
