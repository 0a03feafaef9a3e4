import test from "ava";
import { processStories } from "../suites/process-stories.ts";
import { startHostDriver } from "../support/process/host-driver.ts";

processStories(test, "runner of a host", () => startHostDriver());
