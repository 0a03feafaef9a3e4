// Requests that pages of other origins make a browser send. Browsers say so: in Sec-Fetch-Site, or on plain http in Origin. A
// request with neither is from no browser, and nobody else's page is behind it.

const safeMethods = ["GET", "HEAD", "OPTIONS"];

export function isFromElsewhere(headers: NodeJS.Dict<string | string[]>): boolean {
  const site = headers["sec-fetch-site"];
  // "none": typed into the browser.
  if (site !== undefined) return site !== "same-origin" && site !== "none";
  const { origin, host } = headers;
  return origin !== undefined && URL.parse(String(origin))?.host !== host;
}

/** A cookie goes with such a request though its user did not mean it. */
export function isForged(method: string | undefined, headers: NodeJS.Dict<string | string[]>): boolean {
  return !safeMethods.includes(method ?? "") && isFromElsewhere(headers);
}
