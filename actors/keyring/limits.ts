// How large the keyring of the system may grow: it is one actor, and its whole state stands in one snapshot.

/** Keys of one user; one more is refused as common.too_large. */
export const maxKeysPerOwner = 200;
/** Of all users, and codes alike; one more is refused as common.too_large. */
export const maxKeys = 5_000;
export const maxCodes = 5_000;
