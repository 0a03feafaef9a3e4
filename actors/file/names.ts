// The names of a file's objects follow from its id, so that the process that removes the file knows them all.

interface ObjectNames {
  /** The bytes as they came, until the file is made from them. */
  readonly raw: string;
  /** The file. */
  readonly whole: string;
  readonly thumb: string;
  /** What was made from the bytes, until it lies among the shared objects. */
  readonly made: string;
  /** Of a picture that a model makes: the model was asked. */
  readonly mark: string;
}

export function objectNamesOf(fileId: string): ObjectNames {
  return {
    raw: `files/${fileId}/raw`,
    whole: `files/${fileId}/whole`,
    thumb: `files/${fileId}/thumb`,
    made: `files/${fileId}/made`,
    mark: `files/${fileId}/mark`,
  };
}

/** A part of an upload in parts. */
export function partName(fileId: string, index: number): string {
  return `files/${fileId}/parts/${index}`;
}

/** The object with the bytes of an available file. */
export function objectOf({ fileId, content }: { fileId: string; content?: { object?: string } }): string {
  return content?.object ?? objectNamesOf(fileId).whole;
}

/** An id that leads to no other file's objects. */
export function isFileId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
