import { type CheckedSettings, catalogue, type FarmEvent, reasons, rowOf } from '#contracts';
import {
  type AnyChannel,
  checkSettings,
  createHttp,
  describeSettings,
  egressPolicy,
  type Http,
  MASK,
  secretsOf,
} from '#delivery';
import { attempt } from '../delivery/attempt.js';
import { userAgent } from '../delivery/outbound.js';
import { deliveryOf, echoes, frozen, refusal, textOf, told } from './conforming.js';
import { bareEvent, fullEvent, hostileEvent, hostileTexts } from './conforming-events.js';
import type { Provider } from './providers/provider.js';

export interface Conforming<P extends Provider> {
  /** Starts a provider that is as strict as the real one. The suite closes it. */
  provider: () => Promise<P>;
  settings: {
    /** What a user gives for a channel at this provider: with every secret. */
    given: (provider: P) => Record<string, unknown>;
    /** Keys that hold secrets. */
    secrets: string[];
    /** Changes to it that are right as well; null takes a key out. */
    good?: Record<string, unknown>[];
    /** Changes to it that are refused, and the path of the fault within the settings. */
    bad: [path: string, change: Record<string, unknown>][];
  };
}

const links = { publicUrl: 'https://farmbell.example.org' };
const open = { allowHttp: true, policy: egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] }) };
const closedPolicy = egressPolicy({ allow: [], forbidden: [], trusted: [] });
const statuses = [
  200, 201, 204, 301, 307, 400, 401, 402, 403, 404, 405, 408, 409, 410, 413, 415, 422, 425, 429, 500, 502, 503, 504,
];
const bodies = ['', 'ok', '{}', 'null', '[]', '{"code":"constructor"}', '{"ok":', '<html>error code: 1015</html>', '\0'];

/**
 * What every channel type must do, whatever its provider: one suite, run against a strict provider through the real HTTP client.
 */
export function conforms<P extends Provider>(channel: AnyChannel, { provider: start, settings: cases }: Conforming<P>): void {
  let provider: P;
  let http: Http;
  let given: Record<string, unknown>;
  let checked: CheckedSettings;

  const check = (settings: Record<string, unknown>, known?: Record<string, unknown>) =>
    checkSettings(channel, { settings, known }, open);
  /** What is kept and shown of an attempt: the reply itself is not. */
  const send = async (event: FarmEvent, through: Pick<Http, 'request'> = http) => {
    const { attempt: made, verdict } = await attempt(channel, deliveryOf(channel, event), checked.settings, {
      http: { ...http, ...through },
      origin: channel.origin && provider.origin,
      links,
      secrets: secretsOf(channel, checked.settings),
    });
    return { attempt: made, verdict };
  };
  const secrets = () => cases.secrets.map((key) => checked.settings[key]);
  const failed = fullEvent(rowOf('job.failed')!);

  beforeAll(async () => {
    provider = await start();
    http = createHttp({ policy: open.policy, userAgent: userAgent(channel.type, 'https://farm.example.org') });
    given = cases.given(provider);
    checked = check(given);
  });
  afterAll(async () => {
    await http?.close();
    await provider?.close();
  });

  describe(`${channel.type} conforms: messages`, () => {
    it('of every type of event are taken by the provider, with all facts and with none', async () => {
      const custom = { ...rowOf('custom.door')!, label: 'Door Open' };
      const refused: unknown[] = [];
      for (const event of [...catalogue, custom].flatMap((row) => [fullEvent(row), bareEvent(row)])) {
        const { verdict, attempt: made } = await send(event);
        if (verdict.outcome !== 'delivered') refused.push([event.type, verdict.meaning, made.answer]);
        else if (channel.chat && !textOf(provider.requests.at(-1)).includes(event.title))
          refused.push([event.type, 'lacks its title']);
      }
      expect(refused).toEqual([]);
      expect(provider.requests.length).toBe(2 * (catalogue.length + 1));
    });

    it.each(Object.entries(hostileTexts))('of nothing but %s, as long as the envelope allows, are taken', async (_, unit) => {
      const { verdict, attempt: made } = await send(hostileEvent(unit));
      expect([verdict.outcome, verdict.reason, made.status! < 300 ? '' : made.answer]).toEqual(['delivered', null, '']);
    });

    it('depend on the event and the settings alone, and change neither', () => {
      for (const event of [...catalogue.map((row) => fullEvent(row)), ...Object.values(hostileTexts).map(hostileEvent)]) {
        const render = () =>
          channel.render(frozen(structuredClone(event)), frozen(structuredClone(checked.settings)), frozen(links));
        expect(render()).toEqual(render());
      }
    });
  });

  describe(`${channel.type} conforms: answers`, () => {
    it.each(statuses)('of status %i mean something, whatever the body', async (status) => {
      for (const body of bodies) {
        provider.answerNext({ status, body });
        const { verdict, attempt: made } = await send(failed);
        expect(made).toMatchObject({ n: 1, status, reason: verdict.reason });
        expect(verdict.meaning).not.toBe('');
        if (verdict.outcome === 'delivered') expect([Math.floor(status / 100), verdict.reason]).toEqual([2, null]);
        else expect(reasons).toContain(verdict.reason);
        expect(['delivered', 'retry', 'again', 'drop', 'gone']).toContain(verdict.outcome);
        if (status === 429) expect([verdict.outcome, verdict.reason]).toEqual(['retry', 'rate_limited']);
        if (status >= 500) expect([verdict.outcome, verdict.reason]).toEqual(['retry', 'server']);
      }
    });

    it.each([429, 503])('of status %i: Retry-After is obeyed', async (status) => {
      provider.answerNext({ status, headers: { 'retry-after': '7' } });
      expect((await send(failed)).verdict).toMatchObject({ outcome: 'retry', retryAfterMs: 7000 });
    });

    it('that never come are a time-out, within what the channel allows', async () => {
      const limits: number[] = [];
      provider.answerNext({ delayMs: 600_000 });
      const { verdict, attempt: made } = await send(failed, {
        request: (call) => {
          limits.push(call.timeoutMs);
          return http.request({ ...call, timeoutMs: 50 });
        },
      });
      expect([verdict.outcome, verdict.reason, made.status]).toEqual(['retry', 'timeout', null]);
      expect(limits.filter((ms) => ms >= 1000 && ms <= 30_000)).toHaveLength(1);
    });

    it('that break off are a failure of the network', async () => {
      provider.answerNext(() => {
        throw new Error('the connection is cut');
      });
      expect((await send(failed)).verdict).toMatchObject({ outcome: 'retry', reason: 'network' });
    });
  });

  describe(`${channel.type} conforms: secrets`, () => {
    it.each([200, 400, 401, 404, 429, 500])('do not come back when an answer of %i repeats the request', async (status) => {
      for (const echo of echoes) {
        provider.answerNext((request) => ({ status, headers: { location: request.url }, body: echo(request) }));
        expect(told(await send(failed), secrets())).toEqual([]);
      }
    });

    it('are not in what is said of a call that was never made', async () => {
      const closed = createHttp({ policy: closedPolicy, userAgent: 'x' });
      const result = await send(failed, closed);
      await closed.close();
      expect(result.verdict.reason).toBe('blocked');
      expect(told(result, secrets())).toEqual([]);
    });

    it('are not shown, and not told in the refusal of settings', () => {
      expect(told(checked.shown, secrets())).toEqual([]);
      for (const key of Object.keys(checked.settings)) {
        for (const wrong of [[given[key]], `${String(given[key])}\0\ud800`])
          expect(
            told(
              refusal(() => check({ ...given, [key]: wrong })),
              secrets(),
            ),
          ).toEqual([]);
        expect(
          told(
            refusal(() => check({ ...given, nonsense: given[key] })),
            secrets(),
          ),
        ).toEqual([]);
      }
    });
  });

  describe(`${channel.type} conforms: settings`, () => {
    it('are taken as given, and completed to what is taken again as it stands', () => {
      expect(checked.settings).toMatchObject(given);
      expect(check(checked.settings)).toMatchObject({ settings: checked.settings, generated: {} });
      for (const change of cases.good ?? []) expect(() => check({ ...given, ...change })).not.toThrow();
    });

    it('that are wrong are refused, each with its path', () => {
      const bad: typeof cases.bad = [...cases.bad, ['nonsense', { nonsense: 1 }]];
      const required = (describeSettings(channel).settings.required ?? []).map((key): (typeof bad)[0] => [key, { [key]: null }]);
      for (const [path, change] of [...bad, ...required]) {
        const { status, errors } = refusal(() => check({ ...given, ...change }), change);
        expect([change, status, errors?.map((fault) => fault.path)]).toEqual([change, 422, [`settings.${path}`]]);
        expect(errors?.every((fault) => fault.message.length > 3)).toBe(true);
      }
    });

    it('that are masked keep what is known, and are nothing by themselves', () => {
      expect(check(checked.shown, checked.settings)).toMatchObject({ settings: checked.settings, generated: {} });
      expect(check({}, checked.settings).settings).toEqual(checked.settings);
      for (const key of cases.secrets) {
        expect(checked.shown[key]).toBe(MASK);
        expect(refusal(() => check({ ...given, [key]: MASK })).errors?.[0]?.path).toBe(`settings.${key}`);
      }
    });

    it('are described as JSON Schema with the secrets marked', () => {
      const { type, settings } = JSON.parse(JSON.stringify(describeSettings(channel)));
      expect([type, settings.type, settings.additionalProperties]).toEqual([channel.type, 'object', false]);
      expect(settings.$schema).toMatch(/json-schema\.org/);
      const properties = Object.entries<Record<string, unknown>>(settings.properties);
      expect(
        properties
          .filter(([, property]) => property.secret)
          .map(([key]) => key)
          .sort(),
      ).toEqual([...cases.secrets].sort());
      for (const key of settings.required ?? []) expect([key, settings.properties[key].where]).toEqual([key, expect.any(String)]);
    });

    it('have a schedule that begins at once and never shortens', () => {
      const { schedule, expiresAfterS } = channel.retry;
      expect(schedule[0]).toBe(0);
      expect([...schedule].sort((a, b) => a - b)).toEqual(schedule);
      expect(expiresAfterS).toBeGreaterThan(0);
      expect(checked.defaults).toEqual({
        retry: { mode: channel.retry.mode, attempts: schedule.length },
        expires_after_s: expiresAfterS,
        progress: channel.edits ? 'edit' : 'post',
        progress_every: channel.chat ? { percent: 10, seconds: 3600 } : null,
      });
    });
  });
}
