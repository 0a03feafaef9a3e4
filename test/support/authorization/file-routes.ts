/** Of files, which have an owner and readers: test/scenarios/files*.test.ts try every relation to them. */
export const fileRoutes: readonly string[] = [
  "POST /files/upload",
  "POST /files/upload/part",
  "POST /files/upload/complete",
  "POST /files/upload/prove",
  "GET /files/uploads/:uploadId",
  "DELETE /files/uploads/:uploadId",
  "PUT /files/:id/content",
  "POST /files/:id/complete",
  "GET /files/:id",
  "DELETE /files/:id",
  "GET /files/:id/url",
  "GET /files/:id/download",
  "GET /files/:id/content",
  "GET /files/:id/thumbnail",
];
