import test from "ava";
import { createMemoryJournal } from "../../infra/memory/journal.ts";
import { createMemoryViews } from "../../infra/memory/views.ts";
import { journalSuite } from "../suites/journal.ts";
import { readersSuite } from "../suites/readers.ts";
import { viewsSuite } from "../suites/views.ts";

journalSuite(test, "memory journal", async () => ({ journal: createMemoryJournal(), close: async () => {} }));

const openViews = async () => ({ store: createMemoryViews(), close: async () => {} });
viewsSuite(test, "memory views", openViews);
readersSuite(test, "memory readers", openViews);
