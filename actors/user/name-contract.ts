// Changes of the names by which a user logs in: see names.ts.
export type NameField = "phone" | "email" | "account" | "nickname";

export interface UserNameCommands {
  /**
   * Before the handle `key` is claimed for this user: a claim that no `endName` follows within `nameClaimMs` is released
   * again. At most `maxNameClaims` at once: common.too_many.
   */
  beginName(input: { key: string }): { claimId: number };
  /**
   * After the handle was claimed: the profile gets the name, and the handles of the old one are released. Without `change`:
   * the claim was refused or is not wanted. Throws common.conflict when the profile has another name than `from` by now, or
   * the claim has ended.
   */
  endName(input: {
    claimId: number;
    change?: { field: NameField; name: string; from: string; release: string[] };
  }): null;
}
