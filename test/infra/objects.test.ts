import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { openDirectoryObjects } from "../../infra/objects/directory.ts";
import { objectsSuite } from "../suites/objects.ts";
import { createTempFolder, createTestFolder } from "../support/temp-folder.ts";

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());

objectsSuite(test, "directory", async () => {
  const folder = createTempFolder("objects");
  return {
    objects: await openDirectoryObjects(folder),
    stored: async () => filesIn(folder).length,
    close: async () => rmSync(folder, { recursive: true }),
  };
});

test("what a killed process left of a put is removed at the next start, and its objects stay", async (t) => {
  const folder = createTestFolder(t, "objects");
  const before = await openDirectoryObjects(folder);
  await before.put("kept", [Buffer.from("whole")] as never, { mime: "text/plain", maxBytes: 10 });
  mkdirSync(join(folder, "unfinished"), { recursive: true });
  writeFileSync(join(folder, "unfinished", "half"), "ha");
  t.is(filesIn(folder).length, 2);
  const after = await openDirectoryObjects(folder);
  t.deepEqual(await after.stat("kept"), { size: 5 });
  t.is(filesIn(folder).length, 1);
});
