// The paths of a file's bytes, on every gateway.

/** Needs the token of a user who may read the file; the path of an avatar needs none. */
export function contentPath(fileId: string): string {
  return `/api/v1/files/${fileId}/content`;
}

export function thumbnailPath(fileId: string): string {
  return `/api/v1/files/${fileId}/thumbnail`;
}
