/** Of the language and the colors. */
export const storageKey = "parley.admin";
