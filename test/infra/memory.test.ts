import test from "ava";
import { createMemoryJournal } from "../../infra/memory/journal.ts";
import { journalSuite } from "../suites/journal.ts";

journalSuite(test, "memory journal", async () => ({ journal: createMemoryJournal(), close: async () => {} }));
