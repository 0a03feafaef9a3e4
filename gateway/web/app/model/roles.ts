import type { Member } from "../../../client/api/objects.ts";

/** Whether the user is the owner or an admin of the group. */
export function isManager({ myRole }: { readonly myRole?: Member["role"] }): boolean {
  return myRole === "owner" || myRole === "admin";
}
