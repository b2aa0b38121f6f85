/**
 * Says what is wrong with what kustomize made of a folder, and whether the tests took it for the same; ends with 1 then.
 * .ci/kubernetes runs it.
 *
 *   node dist/libs/testing/kubernetes/check.js <base, dev or production> <folder> <file with what was rendered>
 */
import { readFileSync } from 'node:fs';
import { differences, kustomize } from './kustomize.js';
import { objectsOf } from './objects.js';
import { faultsIn, type Overlay, overlays } from './overlays.js';

const [overlay, folder, file] = process.argv.slice(2) as [Overlay, string, string];
if (!(overlay in overlays) || !file) throw new Error(`Say which of ${Object.keys(overlays).join(', ')}, its folder, and a file`);
const objects = objectsOf(readFileSync(file, 'utf8'));
const faults = [...faultsIn(overlay, objects), ...differences(kustomize(folder), objects)];
process.stdout.write(`kubernetes: ${overlay}: ${objects.length} objects, ${faults.length} faults\n`);
for (const fault of faults) process.stdout.write(`  ${fault}\n`);
if (faults.length > 0) process.exitCode = 1;
