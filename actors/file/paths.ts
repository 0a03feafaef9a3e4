// The paths of a file's bytes, on every gateway.

/** Opened with the token of who may read the file; that of an avatar without one. */
export function contentPath(fileId: string): string {
  return `/api/v1/files/${fileId}/content`;
}

export function thumbnailPath(fileId: string): string {
  return `/api/v1/files/${fileId}/thumbnail`;
}
