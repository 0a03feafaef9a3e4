// Contacts that a user uploaded and lets this system keep.
export interface UserContactCommands {
  /**
   * Keeps hashes of phone numbers and e-mail addresses, if the user has consented; else nothing. At most `maxContactsKept`: of
   * more, the oldest are forgotten. When consent ends, all of them are.
   */
  keepContacts(input: { hashes: string[] }): null;
}

export const maxContactsKept = 1_000;
