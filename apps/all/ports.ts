import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, type Settings } from '#runtime';
import { freePort, portFree } from '#servers';

type Named = 'FARMBELL_PORT' | 'FARMBELL_GRPC_PORT';
const preferred: Record<Named, number> = { FARMBELL_PORT: 8080, FARMBELL_GRPC_PORT: 50051 };

/**
 * The ports that people reach: one that is set is that one or an error; one that is not set and taken gives way to the next
 * free one, which is kept in the data dir for the next start.
 */
export async function withPorts(config: Settings): Promise<Settings & Record<Named, number>> {
  const file = join(config.FARMBELL_DATA_DIR, 'gateway-ports.json');
  const before = read(file);
  const ports: Partial<Record<Named, number>> = {};
  for (const name of Object.keys(preferred) as Named[]) {
    const set = config[name];
    if (set !== undefined && !(await portFree(set, config.FARMBELL_HOST))) {
      throw new ConfigError(
        `${name}: port ${set} is taken. Stop what listens there, choose another, or leave ${name} unset to take the next free one`,
      );
    }
    ports[name] = set ?? (await freePort(before[name] ?? preferred[name], config.FARMBELL_HOST));
  }
  writeFileSync(file, JSON.stringify(ports));
  return { ...config, ...(ports as Record<Named, number>) };
}

function read(file: string): Partial<Record<Named, number>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}
