// Pictures, films, sound and files in messages.
import { useState } from "preact/hooks";
import { showFailure } from "../base/explain.ts";
import { formatBytes } from "../base/format.ts";
import { locale, t } from "../base/prefs.ts";
import type { Desk } from "../model/desk.ts";
import { Icon } from "../ui/icons.tsx";
import { ImageViewer } from "./image-viewer.tsx";
import { type FileContent, usePicture } from "./use-picture.ts";

interface MediaProps {
  desk: Desk;
  content: FileContent;
}

/** px; a picture is no larger in the thread, and small ones are no smaller than a finger. */
const maxSide = 320;
const minSide = 96;

/** The place of a picture before it is there, so that nothing moves when it comes. */
function placeOf({ width = 0, height = 0 }: FileContent) {
  if (width <= 0 || height <= 0) return { width: `${maxSide * 0.75}px`, height: `${maxSide * 0.75}px` };
  const scale = Math.min(1, maxSide / Math.max(width, height));
  return { width: `${Math.max(minSide, width * scale)}px`, aspectRatio: `${width} / ${height}` };
}

export function ImageMessage({ desk, content }: MediaProps) {
  const { thumbnail = "", fileName = "" } = content;
  const address = usePicture(desk, content, thumbnail);
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        class="picture"
        style={placeOf(content)}
        aria-label={t("media.open")}
        onClick={() => setOpen(true)}
      >
        {address === "failed" ? (
          <Icon name="alert" />
        ) : (
          address !== undefined && <img src={address} alt={fileName} data-testid="message-image" />
        )}
      </button>
      {isOpen && <ImageViewer desk={desk} content={content} onClose={() => setOpen(false)} />}
    </>
  );
}

export function VideoMessage({ desk, content }: MediaProps) {
  const { fileId, thumbnail = "" } = content;
  const poster = usePicture(desk, { fileId }, thumbnail);
  const [address, setAddress] = useState<string>();
  const play = async () => {
    try {
      setAddress(await linkTo(desk, fileId ?? ""));
    } catch (thrown) {
      showFailure(thrown);
    }
  };
  if (address !== undefined) {
    return (
      // biome-ignore lint/a11y/useMediaCaption: what users send has no captions
      <video class="picture" style={placeOf(content)} src={address} controls autoplay playsInline />
    );
  }
  return (
    <button
      type="button"
      class="picture film"
      style={placeOf(content)}
      aria-label={t("media.play")}
      onClick={() => void play()}
    >
      {poster !== undefined && poster !== "failed" && <img src={poster} alt="" />}
      <span class="play">
        <Icon name="play" />
      </span>
    </button>
  );
}

export function FileMessage({ desk, content }: MediaProps) {
  const { fileId = "", fileName = "", fileSize, size = fileSize ?? 0 } = content;
  const save = async () => {
    try {
      const link = document.createElement("a");
      link.href = await linkTo(desk, fileId);
      link.download = fileName;
      link.click();
    } catch (thrown) {
      showFailure(thrown);
    }
  };
  return (
    <button
      type="button"
      class="file"
      data-testid="message-file"
      title={t("media.save")}
      disabled={fileId === ""}
      onClick={() => void save()}
    >
      <span class="file-icon">
        <Icon name="file" />
      </span>
      <span>
        <b>{fileName}</b>
        <small>{formatBytes(locale(), size)}</small>
      </span>
    </button>
  );
}

/** A path on this origin: the server may know itself by another name. */
async function linkTo(desk: Desk, fileId: string): Promise<string> {
  const { pathname, search } = new URL((await desk.client.api.files.link(fileId)).url, location.origin);
  return pathname + search;
}
