// Runs the module that is named on the command line; exit status 0 where `found` gives 1.
import { readFileSync } from 'node:fs';
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), {});
process.exit(instance.exports.found() === 1 ? 0 : 1);
