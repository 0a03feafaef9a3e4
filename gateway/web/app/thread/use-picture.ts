import { useEffect, useState } from "preact/hooks";
import type { Desk } from "../model/desk.ts";

/** What a message says of its file. */
export interface FileContent {
  readonly fileId?: string;
  readonly url?: string;
  readonly thumbnail?: string;
  readonly fileName?: string;
  readonly fileSize?: number;
  readonly size?: number;
  readonly width?: number;
  readonly height?: number;
  readonly duration?: number;
}

/** An address that an element can show. Undefined while the picture loads. */
export function usePicture(desk: Desk, { fileId, url = "" }: FileContent, path: string): string | "failed" | undefined {
  const own = desk.pictures.ownOf(fileId);
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (own !== undefined || (path || url) === "") return;
    let isWanted = true;
    desk.pictures.load(path || url).then(
      (loaded) => isWanted && setAddress(loaded),
      () => isWanted && setAddress("failed"),
    );
    return () => {
      isWanted = false;
    };
  }, [path, url, own]);
  return own ?? address;
}
