import { fileURLToPath } from 'node:url';

/** Where farmbell.proto lies: it is read at run time, not compiled. */
export const protoPath = fileURLToPath(new URL('../../../libs/contracts/farmbell.proto', import.meta.url));
export const protoPackage = 'farmbell.v1';
