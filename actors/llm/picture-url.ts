// Addresses of pictures in requests to models. The upstream reads them: this server does not.
export function isPictureUrl(url: unknown): url is string {
  return (
    typeof url === "string" && /^(https?:\/\/[^\s/]|data:image\/[a-z0-9.+-]+;base64,[A-Za-z0-9+/=_-]+$)/i.test(url)
  );
}
