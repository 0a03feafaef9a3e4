// A file that is being uploaded, or whose upload failed.
import { t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import type { Upload } from "../model/uploads.ts";
import { FileMessage } from "./media.tsx";
import { SendingRow } from "./sending-row.tsx";

interface UploadViewProps {
  desk: Desk;
  upload: Upload;
  onMenu: (at: { x: number; y: number }) => void;
}

const maxSide = 320;

export function UploadView({ desk, upload, onMenu }: UploadViewProps) {
  const { id, file, preview, width = 1, height = 1, progress, error, atMs } = upload;
  const scale = Math.min(1, maxSide / Math.max(width, height));
  const draw = () =>
    preview === undefined ? (
      <FileMessage desk={desk} content={{ fileName: file.name, size: file.size }} />
    ) : (
      <span class="picture" style={{ width: `${width * scale}px`, aspectRatio: `${width} / ${height}` }}>
        <img src={preview} alt={file.name} />
      </span>
    );
  return (
    <SendingRow
      rowKey={id}
      isFirst
      isFailed={error !== undefined}
      error={error}
      atMs={atMs}
      content={upload}
      draw={() => (
        <>
          {draw()}
          {!error && <progress value={progress} max={1} aria-label={t("media.uploading")} />}
        </>
      )}
      onMenu={onMenu}
    />
  );
}
