/** What a user may do in the system. */
export type Role = "admin" | "user" | "guest";
