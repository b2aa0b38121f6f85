import type { Envelope } from '#contracts';

export const printers = 50;
const bytes = 1000;

export interface Events {
  /** Tells the events of one measurement from those of another. */
  run: number;
  /** They are spread over so many accounts in turn; 1: all of `default`. */
  accounts: number;
  type: string;
}

/** The account of the nth event. */
export const accountOf = (n: number, accounts: number): string => (accounts === 1 ? 'default' : `account-${n % accounts}`);
/** The printer of the nth event within its account: each account's 50 printers take turns. */
export const printerOf = (n: number, accounts: number): number => Math.floor(n / accounts) % printers;

const mark = 'bench:';
const quotedMark = Buffer.from(`"${mark}`);

/** The nth event of a run, as a publisher sends it: 1,000 bytes of JSON. */
export function eventOf(n: number, { run, accounts, type }: Events): Envelope {
  const printer = printerOf(n, accounts);
  const event = {
    id: `${mark}${run}:${n}`,
    type,
    severity: 'info' as const,
    time: new Date().toISOString(),
    title: 'Print Started: Benchy (X1C)',
    message: 'Job #142 started on X1C. It is the first of three, and will take 1h 23m.',
    printer: { id: `printer-${printer}`, name: `X1C ${printer}`, model: 'Bambu Lab X1 Carbon', tags: ['petg', 'room 2'] },
    job: { id: String(n), name: 'Benchy', file: 'benchy_v2.gcode.3mf', progress: 0, layers: 200, external: false },
    data: { note: '' },
  };
  event.data.note = 'x'.repeat(bytes - JSON.stringify(event).length);
  return event;
}

/** Which event a body carries: found in its bytes, as reading JSON would cost the receiver more than receiving. */
export function eventIn(body: Buffer): { run: number; n: number } | undefined {
  const at = body.indexOf(quotedMark);
  if (at < 0) return undefined;
  const from = at + quotedMark.length;
  const [run, n] = body.toString('latin1', from, body.indexOf(0x22, from)).split(':').map(Number);
  return Number.isInteger(run) && Number.isInteger(n) ? { run: run!, n: n! } : undefined;
}
