import { statfs } from 'node:fs/promises';
import { Gauge } from 'prom-client';
import { metrics } from './metrics.js';

let dir: string | undefined;

/** The file system that holds `path`: its free room and its size are told from now on. */
export function tellDisk(path: string): void {
  dir = path;
}

const told = (name: string, help: string, of: 'bavail' | 'blocks') =>
  new Gauge({
    name,
    help,
    registers: [metrics],
    async collect() {
      this.remove();
      const found = dir === undefined ? undefined : await statfs(dir).catch(() => undefined);
      if (found) this.set(found[of] * found.bsize);
    },
  });

told('farmbell_data_dir_free_bytes', 'Room left where the embedded NATS and PostgreSQL keep their data', 'bavail');
told('farmbell_data_dir_size_bytes', 'Size of the file system where the embedded NATS and PostgreSQL keep their data', 'blocks');
