// What files are uploaded for. The type decides the limits, the bucket in which the file is counted, and who may read it.
export const fileTypes = [
  "avatar",
  "group_avatar",
  "chat_image",
  "chat_video",
  "chat_voice",
  "chat_file",
  "temp",
] as const;
export type FileType = (typeof fileTypes)[number];

export const buckets = ["avatars", "group_avatars", "chat", "temporary"] as const;
export type Bucket = (typeof buckets)[number];

export function bucketOf(type: FileType): Bucket {
  if (type === "avatar") return "avatars";
  if (type === "group_avatar") return "group_avatars";
  return type === "temp" ? "temporary" : "chat";
}

/** Everybody may read them, also without a login. */
export function isPublic(type: FileType | undefined): boolean {
  return type === "avatar" || type === "group_avatar";
}

export function isPicture(type: FileType | undefined): boolean {
  return isPublic(type) || type === "chat_image";
}
