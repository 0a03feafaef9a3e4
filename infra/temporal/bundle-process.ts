// Prints the bundle of the workflows: see bundle.ts.
import { bundleWorkflows } from "../../workflows/worker.ts";

const tell = (message: string) => console.error(message);
const bundle = await bundleWorkflows({ info: () => {}, warn: tell, error: tell });
if (!("code" in bundle)) throw new Error("the bundle has no code");
process.stdout.write(bundle.code, () => process.exit(0));
