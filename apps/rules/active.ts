import { setMaxListeners } from 'node:events';
import { answer, type Bus, consume, every } from '#bus';
import { type DisableCommand, subjects } from '#contracts';
import { complain, type Database, type Log } from '#runtime';
import type { AppConnections } from './app-connections/app-connections.js';
import type { Channels } from './channels.js';
import { obey } from './commands.js';
import type { Copies } from './copies.js';
import { fold } from './fold.js';
import type { MatchIndex } from './match-index.js';
import { countChannels, roundDone } from './metrics.js';
import type { PrinterCopies } from './printer-copies.js';
import { closeEnded, forgetOld, quietReader, tellDigests } from './quiet/closing.js';
import { type Held, hold } from './quiet/hold.js';
import type { Quiet } from './quiet/quiet.js';

export interface ActiveParts {
  bus: Bus;
  database: Database;
  log: Log;
  index: MatchIndex;
  channels: Channels;
  copies: Copies;
  printerCopies: PrinterCopies;
  connections: AppConnections;
  quiet: Quiet;
}

const catchUpMs = 5000;
const closeMs = 1000;
const forgetMs = 3600_000;

/** What one replica of rules does at a time, until the signal aborts. */
export async function active(parts: ActiveParts, signal: AbortSignal): Promise<void> {
  const { bus, database, log, index, channels, quiet } = parts;
  // each loop here listens for the end
  setMaxListeners(0, signal);
  const place = { seq: 0 };
  const often = (ms: number, what: string, act: () => Promise<unknown>) => every(ms, act, signal, complain(log, what));
  const asked = [
    answer(bus, 'rules.index.refresh', async ({ channels: ids }) => index.refresh(ids).then(() => null)),
    answer(bus, 'rules.quiet.refresh', async ({ account }) => quiet.refresh(account).then(() => null)),
  ];
  // asked from now on, so that no change is missed
  await quiet.load();
  await Promise.all([
    often(250, 'the fold begins again from its cursor', () => fold({ bus, index, quiet, place, signal, onRound: roundDone })),
    consume<DisableCommand>(
      bus,
      { stream: 'COMMANDS', durable: 'rules', filter: subjects.disable('*'), signal, onError: complain(log, 'commands') },
      (commands) => obey(bus, channels, commands, log),
    ),
    consume<Held>(
      bus,
      { stream: 'DELIVERIES', durable: quietReader, filter: subjects.quiet('*'), signal, onError: complain(log, 'quiet hours') },
      (messages) => hold(bus, database, messages),
    ),
    often(closeMs, 'quiet hours are closed later', async () => {
      await closeEnded({ bus, database, index, quiet, place, signal }, new Date());
      await tellDigests({ bus, database });
    }),
    countChannels(database, signal, complain(log, 'channels are counted later')),
    often(forgetMs, 'old quiet hours are deleted later', () => forgetOld(database)),
    // a replica may end between its commit and its copy
    often(catchUpMs, 'copies of channels are made later', () => parts.copies.catchUp()),
    often(catchUpMs, 'copies of printers are made later', () => parts.printerCopies.catchUp()),
    often(catchUpMs, 'app connections expire later', () => parts.connections.expireAndAnnounce(new Date())),
  ]).finally(() => {
    for (const one of asked) one.unsubscribe();
  });
}
