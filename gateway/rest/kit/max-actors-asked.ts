/** Actors asked at a time for one request, so that one list does not fill the mailboxes. */
export const maxActorsAsked = 32;
