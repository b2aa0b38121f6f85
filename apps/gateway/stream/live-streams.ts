import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { Gauge } from 'prom-client';
import { Bus, pause } from '#bus';
import { Problem } from '#contracts';
import { CONFIG, complain, Database, LOG, type Log, metrics, publicUrl, type Settings } from '#runtime';
import { Callers } from '../access/callers.js';
import { Remembered } from '../access/remembered.js';
import { AccountRow } from '../access/rows.js';
import type { Reply } from '../http/http.js';
import type { Call } from '../routes/call.js';
import type { Outlet } from './outlet.js';
import { namedBy } from './place.js';
import { Tails } from './tail.js';
import { Viewer } from './viewer.js';

const openStreams = new Gauge({
  name: 'farmbell_live_streams',
  help: 'Live streams that are open at this gateway',
  registers: [metrics],
});
const patienceMs = 1000;
const graceMs = 1000;

/** The streams that are open in this process. */
@Injectable()
export class LiveStreams implements OnModuleDestroy {
  readonly bounds = {
    /** Streams that an account may have open here. */
    perAccount: 50,
    /** What may wait for one who reads slowly. */
    bufferBytes: 2 * 1024 * 1024,
    beatMs: 15_000,
  };
  private readonly tails: Tails;
  private readonly viewers = new Map<string, Set<Viewer>>();
  private readonly accounts = new Remembered<AccountRow>();
  private readonly onError: (error: unknown) => void;
  private stopping = false;

  constructor(
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Callers) private readonly callers: Callers,
    @Inject(Database) private readonly database: Database,
    @Inject(CONFIG) private readonly config: Settings,
    @Inject(LOG) log: Log,
  ) {
    this.onError = complain(log, 'live streams');
    this.tails = new Tails(bus, this.onError);
  }

  /** The body of the answer. It ends when the caller goes or may no longer read, or this process stops. */
  async open(call: Call, { raw }: Reply): Promise<Outlet> {
    const given = namedBy(call.headers['last-event-id']);
    const { account } = call.caller;
    const since = await this.madeAt(account).catch((error) => {
      // who does not resume is told nothing old
      if (given) throw error;
      return 0;
    });
    if (this.stopping) throw new Problem(503, 'Service unavailable', 'This gateway stops; connect again', undefined, 2);
    const mine = this.viewers.get(account) ?? new Set();
    if (mine.size >= this.bounds.perAccount) throw tooMany(account, this.bounds.perAccount);
    const viewer = new Viewer({
      bus: this.bus,
      tails: this.tails,
      account,
      since,
      publicUrl: publicUrl(this.config),
      bufferBytes: this.bounds.bufferBytes,
      beatMs: this.bounds.beatMs,
      allowed: () => this.allowed(call),
      onError: this.onError,
    });
    this.viewers.set(account, mine.add(viewer));
    openStreams.inc();
    void viewer.closed.then(() => {
      openStreams.dec();
      mine.delete(viewer);
      if (mine.size === 0 && this.viewers.get(account) === mine) this.viewers.delete(account);
      // who does not read the end either is cut off
      const cut = setTimeout(() => raw.destroy(), graceMs);
      raw.once('close', () => clearTimeout(cut));
    });
    raw.once('close', () => viewer.outlet.destroy());
    if (raw.destroyed) viewer.outlet.destroy();
    try {
      await viewer.open(given);
    } catch (error) {
      viewer.outlet.destroy();
      throw error;
    }
    return viewer.outlet;
  }

  /** How many streams an account has open here. */
  count(account: string): number {
    return this.viewers.get(account)?.size ?? 0;
  }

  async onModuleDestroy(): Promise<void> {
    this.stopping = true;
    const viewers = [...this.viewers.values()].flatMap((some) => [...some]);
    for (const { outlet } of viewers) outlet.end();
    await Promise.all(viewers.map(({ closed }) => closed));
    // one that waits for a broker that is away ends when it is told so, which may be later
    const late = new AbortController();
    await Promise.race([this.tails.ended(), pause(patienceMs, late.signal)]);
    late.abort();
  }

  /** When an account was made, ms since 1970: its id may have been another's before. */
  private async madeAt(id: string): Promise<number> {
    const row = await this.accounts.read(id, () => this.database.getRepository(AccountRow).findOneBy({ id }));
    return row?.created_at.getTime() ?? Number.POSITIVE_INFINITY;
  }

  /** What cannot be asked, because the database is away, is no reason to end. */
  private async allowed({ token, headers, caller }: Call): Promise<boolean> {
    const named = headers['farmbell-account'];
    try {
      const now = await this.callers.verify(token, named === undefined ? undefined : String(named));
      return now.account === caller.account && (now.admin || now.scopes.includes('read'));
    } catch (error) {
      return !(error instanceof Problem) || error.status >= 500;
    }
  }
}

const tooMany = (account: string, most: number) =>
  new Problem(
    429,
    'Too many requests',
    `Account ${account} has ${most} streams open here, which is the most: close one, or let several programs share one`,
    undefined,
    10,
  );
