// The names of a file's objects follow from its id, so that whoever removes the file knows all of them.

interface ObjectNames {
  /** The bytes as they came, until the file is made from them. */
  readonly raw: string;
  /** The file. */
  readonly whole: string;
  readonly thumb: string;
  /** Of a picture that a model makes: the model was asked. */
  readonly mark: string;
}

export function objectNamesOf(fileId: string): ObjectNames {
  return {
    raw: `files/${fileId}/raw`,
    whole: `files/${fileId}/whole`,
    thumb: `files/${fileId}/thumb`,
    mark: `files/${fileId}/mark`,
  };
}

/** An id that leads to no other file's objects. */
export function isFileId(text: string): boolean {
  return /^[A-Za-z0-9_-]{1,64}$/.test(text);
}
