import { renameSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';

/**
 * Loaded into a service with --import: the first SIGUSR2 begins a CPU profile, the next one ends it and writes it to the file
 * named in the import's query. --cpu-prof would mix the start of the process into what is to be measured.
 */
const file = new URL(import.meta.url).searchParams.get('file')!;
let session: Session | undefined;

async function toggle(): Promise<void> {
  if (!session) {
    session = new Session();
    session.connect();
    await session.post('Profiler.enable');
    await session.post('Profiler.setSamplingInterval', { interval: 500 });
    await session.post('Profiler.start');
    writeFileSync(`${file}.begun`, '');
    return;
  }
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  session = undefined;
  writeFileSync(`${file}.part`, JSON.stringify(profile));
  renameSync(`${file}.part`, file);
}

process.on('SIGUSR2', () => void toggle());
