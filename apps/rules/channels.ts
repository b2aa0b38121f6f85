import { createHash } from 'node:crypto';
import { ask, type Bus } from '#bus';
import {
  type Asks,
  type ChannelCreate,
  type ChannelPatch,
  type ChannelView,
  type CheckedSettings,
  fitting,
  invalid,
  lanes,
  notFound,
  Problem,
} from '#contracts';
import { type Database, type KeyRing, open, seal } from '#runtime';
import type { Copies } from './copies.js';
import { patchedRetry } from './retry.js';
import { ChannelRow, OrganizationRow, viewOf } from './rows.js';
import { turned } from './turned.js';

type Changed = { channel: ChannelView; generated: Record<string, string> };

/** Channels: made, changed, enabled, disabled, deleted. Each change is a commit, then the copy, then the index. */
export class Channels {
  constructor(
    private readonly bus: Bus,
    private readonly database: Database,
    private readonly keys: KeyRing,
    private readonly copies: Copies,
  ) {}

  private get rows() {
    return this.database.getRepository(ChannelRow);
  }

  async list({ account, after, limit }: Asks['rules.channel.list'][0]): Promise<Asks['rules.channel.list'][1]> {
    // a view tells milliseconds, the table microseconds
    const place = `(date_trunc('milliseconds', channel.created_at), channel.id)`;
    const rows = await this.rows
      .createQueryBuilder('channel')
      .where('channel.account = :account and not channel.deleted', { account })
      .andWhere(after ? `${place} > (:at::timestamptz, :id)` : 'true', after ?? {})
      .orderBy(`date_trunc('milliseconds', channel.created_at)`)
      .addOrderBy('channel.id')
      .limit(limit + 1)
      .getMany();
    const channels = fitting(rows, limit, viewOf);
    return { channels, more: channels.length < rows.length };
  }

  async get(account: string, id: string): Promise<ChannelView> {
    return viewOf(await this.row(account, id));
  }

  async row(account: string, id: string): Promise<ChannelRow> {
    const row = await this.rows.findOneBy({ account, id, deleted: false });
    if (!row) throw notFound('channel', id);
    return row;
  }

  async create(account: string, id: string, given: ChannelCreate, verify = false): Promise<Changed> {
    await this.checkOrganization(account, given.organization);
    const checked = await ask(this.bus, `${given.type}.settings.check`, { settings: given.settings, verify }, checkMs);
    checkProgress(given, checked.edits);
    const row = this.rows.create({
      id,
      account,
      name: given.name,
      type: given.type,
      organization: given.organization ?? null,
      enabled: given.enabled ?? true,
      version: 1,
      epoch: 1,
      events: given.events ?? [],
      min_severity: given.min_severity ?? null,
      printers: given.printers ?? [],
      tags: given.tags ?? [],
      ...this.sealedOf(checked, id),
      ...policyOf(given, checked),
      auto_disable: { failures: 10, window_h: 24, ...given.auto_disable },
      quiet_hours: given.quiet_hours ?? null,
      disabled_reason: given.enabled === false ? 'created disabled' : null,
      copied_version: 0,
      deleted: false,
    });
    const inserted = await this.rows
      .createQueryBuilder()
      .insert()
      .values(row as never)
      .orIgnore()
      .returning('id')
      .execute();
    if (inserted.raw.length === 0) return { channel: await this.get(account, id), generated: {} }; // the same request again
    return { channel: await this.published(account, id), generated: checked.generated };
  }

  async patch(account: string, id: string, patch: ChannelPatch): Promise<Changed> {
    await this.checkOrganization(account, patch.organization);
    const { settings, retry, auto_disable, ...plain } = patch;
    const before = await this.row(account, id);
    const known = this.settingsOf(before);
    const checked =
      settings || patch.progress === 'edit' || retry?.mode === 'backoff'
        ? await ask(this.bus, `${before.type}.settings.check`, { settings: settings ?? {}, known })
        : undefined;
    if (checked) checkProgress(patch, checked.edits);
    await this.change(account, id, (row) => ({
      ...plain,
      ...(settings && checked && this.sealedOf(checked, id)),
      ...((retry || checked) && { retry: patchedRetry(row.retry, retry, checked) }),
      ...(auto_disable && { auto_disable: { ...row.auto_disable, ...auto_disable } }),
    }));
    return { channel: await this.published(account, id), generated: checked?.generated ?? {} };
  }

  async rotateKey(account: string, id: string): Promise<Changed> {
    const before = await this.row(account, id);
    const checked = await ask(this.bus, `${before.type}.settings.check`, {
      settings: {},
      known: this.settingsOf(before),
      rotate: true,
    });
    await this.change(account, id, () => this.sealedOf(checked, id));
    return { channel: await this.published(account, id), generated: checked.generated };
  }

  /** Enables or disables; already so is no change. Each turn is a new epoch: failures count from zero. */
  async turn(account: string, id: string, enabled: boolean, by: 'person' | 'plan' = 'person'): Promise<ChannelView> {
    await this.change(account, id, (row) => turned(row, enabled, by));
    return this.published(account, id);
  }

  /** Obeys a disable command, for its epoch only. The row, when this command is what disabled it (now or before a crash). */
  async disable(id: string, epoch: number, reason: string): Promise<ChannelRow | undefined> {
    await this.database.query(
      `update channel set enabled = false, epoch = epoch + 1, version = version + 1, disabled_reason = $3, updated_at = now()
       where id = $1 and epoch = $2 and enabled and not deleted`,
      [id, epoch, reason],
    );
    const row = await this.rows.findOneBy({ id, deleted: false });
    if (!row || row.enabled || row.epoch !== epoch + 1) return undefined;
    await this.published(row.account, id);
    return row;
  }

  /** Disables all that have the same value of a setting, and so lie in the same lane; those too that this did before a crash. */
  async disableSharing(row: ChannelRow, setting: string, reason: string): Promise<ChannelRow[]> {
    const { id, type, lane } = row;
    const near = await this.rows.findBy({ type, lane, deleted: false });
    const value = this.settingsOf(row)[setting];
    const sharing = near.filter(
      (one) =>
        value !== undefined &&
        one.id !== id &&
        (one.enabled || one.disabled_reason === reason) &&
        this.settingsOf(one)[setting] === value,
    );
    const disabled = sharing.map((one) => (one.enabled ? this.disable(one.id, one.epoch, reason) : one));
    return (await Promise.all(disabled)).filter((one) => one !== undefined);
  }

  async delete(account: string, id: string): Promise<void> {
    await this.change(account, id, () => ({ deleted: true }));
    await this.copies.put(id);
    await this.known(id);
  }

  /** One change of one row under its lock; `set` gives the columns to change. */
  private async change(account: string, id: string, set: (row: ChannelRow) => Partial<ChannelRow>): Promise<void> {
    await this.database.transaction(async (manager) => {
      const row = await manager.findOne(ChannelRow, {
        where: { account, id, deleted: false },
        lock: { mode: 'pessimistic_write' },
      });
      if (!row) throw notFound('channel', id);
      const columns = set(row);
      if (Object.keys(columns).length > 0)
        await manager.save(ChannelRow, Object.assign(row, columns, { version: row.version + 1 }));
    });
  }

  /** After a commit: the copy for delivery and health, and the index, before the answer. */
  private async published(account: string, id: string): Promise<ChannelView> {
    await this.copies.put(id);
    await this.known(id);
    return viewOf(await this.row(account, id));
  }

  /** The folding replica knows of a change before its author hears that it was made; while none folds, it will read it. */
  private async known(id: string): Promise<void> {
    await ask(this.bus, 'rules.index.refresh', { channels: [id] }, 1000).catch(() => {});
  }

  private settingsOf(row: ChannelRow): Record<string, unknown> {
    return JSON.parse(open(this.keys, row.sealed));
  }

  private sealedOf(checked: CheckedSettings, id: string): Pick<ChannelRow, 'sealed' | 'shown' | 'lane'> {
    return { sealed: seal(this.keys, JSON.stringify(checked.settings)), shown: checked.shown, lane: laneOf(checked.scope || id) };
  }

  private async checkOrganization(account: string, organization: string | null | undefined): Promise<void> {
    if (!organization) return;
    if (await this.database.getRepository(OrganizationRow).existsBy({ account, id: organization })) return;
    throw new Problem(422, 'Unprocessable content', '', [
      { path: 'organization', message: 'does not exist: make it with POST /v1/organizations first' },
    ]);
  }
}

/** What the provider is asked may take its time. */
const checkMs = 20_000;

function checkProgress({ progress }: Pick<ChannelPatch, 'progress'>, edits: boolean): void {
  if (progress !== 'edit' || edits) return;
  throw invalid([{ path: 'progress', message: "must be 'post': messages of this type cannot be changed once they are sent" }]);
}

type Policy = Pick<ChannelRow, 'retry' | 'expires_after_s' | 'progress' | 'progress_every'>;

function policyOf(given: ChannelCreate, checked: CheckedSettings): Policy {
  const { retry, expires_after_s, progress, progress_every } = checked.defaults;
  const mode = given.retry?.mode ?? retry.mode;
  return {
    retry: { mode, attempts: mode === 'once' ? 1 : (given.retry?.attempts ?? Math.max(retry.attempts, 2)) },
    expires_after_s: given.expires_after_s ?? expires_after_s,
    progress: given.progress ?? progress,
    progress_every: given.progress_every === undefined ? progress_every : given.progress_every,
  };
}

/** A provider's limit scope lives in one lane, and a lane in one process. */
const laneOf = (scope: string) => createHash('sha256').update(scope).digest().readUInt32BE(0) % lanes;
