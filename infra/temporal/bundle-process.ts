// The process that bundle.ts starts: prints the bundle of the workflows to its standard output, and the bundler's messages to
// stderr.
import { bundleWorkflows } from "../../workflows/worker.ts";

const printError = (message: string) => console.error(message);
const bundle = await bundleWorkflows({ info: () => {}, warn: printError, error: printError });
if (!("code" in bundle)) throw new Error("the bundle has no code");
process.stdout.write(bundle.code, () => process.exit(0));
