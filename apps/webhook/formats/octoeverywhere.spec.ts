import { z } from 'zod';
import { rowOf } from '#contracts';
import { bare, context, everyEvent, everyType, full, odd, oddTexts, received, tellsAccessCode } from '../samples.js';
import { octoeverywhere, selects } from './octoeverywhere.js';

// https://docs.octoeverywhere.com/webhook-notifications/json-payload-format/: types, and what is always there
const payload = z.strictObject({
  PrinterId: z.string().min(1),
  SecretKey: z.string().optional(),
  PrintId: z.string().min(1).optional(),
  EventType: z.int().min(1).max(16),
  PrinterName: z.string().min(1),
  SnapshotUrl: z.url().optional(),
  QuickViewUrl: z.url(),
  FileName: z.string().optional(),
  DurationSec: z.int().min(0).optional(),
  Progress: z.int().min(0).max(100).optional(),
  TimeRemainingSec: z.int().min(0).optional(),
  ZOffsetMM: z.int().optional(),
  CurrentLayer: z.int().optional(),
  TotalLayers: z.int().optional(),
  Error: z.string().optional(),
  PlatformErrorCode: z.string().optional(),
});
const body = (event: Parameters<typeof octoeverywhere>[0], secret?: string) =>
  received(octoeverywhere(event, { ...context, settings: { secret } }));

describe('the format octoeverywhere', () => {
  it("reproduces the documentation's own examples", () => {
    const event = bare('job.started', {
      printer: { id: 'Id', name: 'Ender3' },
      job: { id: 'Id', file: 'MyCoolPrint', duration_s: 50, progress: 21, remaining_s: 605, z_mm: 300 },
      snapshot: { url: 'https://pictures.example.org/1.jpg' },
      link: 'https://farm.example.org/1',
    });
    expect(octoeverywhere(event, context).contentType).toBe('application/json');
    expect(octoeverywhere(event, context).headers).toBeUndefined();
    expect(body(event)).toMatchObject({ PrinterId: 'Id', PrintId: 'Id', EventType: 1 });
    expect(body(event, 'Key')).toEqual({
      PrinterId: 'Id',
      SecretKey: 'Key',
      PrintId: 'Id',
      EventType: 1,
      PrinterName: 'Ender3',
      SnapshotUrl: 'https://pictures.example.org/1.jpg',
      QuickViewUrl: 'https://farm.example.org/1',
      FileName: 'MyCoolPrint',
      DurationSec: 50,
      Progress: 21,
      TimeRemainingSec: 605,
      ZOffsetMM: 300,
    });
  });

  it('tells layers, errors and their codes, in whole numbers', () => {
    expect(body(full('job.failed'))).toMatchObject({
      SnapshotUrl: 'https://farmbell.example.org/s/pic1',
      DurationSec: 4980,
      Progress: 42,
      TimeRemainingSec: 1801,
      ZOffsetMM: 17,
      CurrentLayer: 84,
      TotalLayers: 200,
      Error: 'The nozzle is clogged.',
      PlatformErrorCode: '0300_8004',
    });
  });

  it('is never complete before it is', () => {
    const at = (progress: number) => body(bare('job.progress', { job: { progress } })).Progress;
    expect([at(0), at(99.9), at(100)]).toEqual([0, 99, 100]);
  });

  it('counts the duration from the start where nobody tells it', () => {
    const job = { started_at: '2026-03-01T11:00:00.000Z' };
    expect(body(bare('job.progress', { job })).DurationSec).toBe(3600);
    expect(body(bare('printer.bed_cooled', { job })).DurationSec).toBeUndefined();
    expect(body(bare('printer.bed_cooled', { job: { ...job, ended_at: '2026-03-01T11:10:00Z' } })).DurationSec).toBe(600);
    expect(body(bare('job.progress', { job: { started_at: '2026-03-01T13:00:00Z' } })).DurationSec).toBeUndefined();
  });

  it('keeps one PrintId through a print, and another for the next', () => {
    const of = (type: string, started_at: string) =>
      body(bare(type, { printer: { id: 'p-7' }, job: { name: 'Benchy', started_at } })).PrintId;
    expect(of('job.started', '2026-03-01T12:00:00Z')).toBe(of('job.succeeded', '2026-03-01T13:00:00+01:00'));
    expect(of('job.started', '2026-03-01T12:00:00Z')).not.toBe(of('job.started', '2026-03-01T12:00:01Z'));
    expect(body(bare('job.started', { job: { name: 'Benchy' } }))).not.toHaveProperty('PrintId');
  });

  it("tells an error in the publisher's words, and in the message's where they are all there is", () => {
    const message = 'Heater fault';
    expect(body(bare('printer.error', { message })).Error).toBe(message);
    expect(body(bare('printer.error', { message, data: { reason: 'MINTEMP' } })).Error).toBe('MINTEMP');
    expect(body(bare('job.progress', { message }))).not.toHaveProperty('Error');
  });

  it('has the documented keys and types for every type that it knows, with all facts and with none', () => {
    for (const event of [...everyEvent.filter(selects), ...oddTexts.map(odd)]) {
      const told = body(event, 'Key');
      expect([event.type, payload.safeParse(told).error?.issues, tellsAccessCode(told)]).toEqual([event.type, undefined, false]);
      expect(told.EventType).toBe(rowOf(event.type)?.vendors.octoeverywhere);
    }
  });

  it('selects the types that OctoEverywhere has a number for, and says so of the others', () => {
    const chosen = everyType.filter((type) => selects({ type }));
    const numbers = new Set(chosen.map((type) => rowOf(type)?.vendors.octoeverywhere));
    // 13 is a limit that Farmbell does not have
    expect([...numbers].sort((a, b) => a! - b!)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16]);
    expect(chosen).not.toContain('channel.digest');
    for (const type of everyType.filter((type) => !chosen.includes(type)))
      expect(() => octoeverywhere(full(type), context)).toThrow(`no event number for ${type}: leave this type out`);
  });

  it('names the channel where there is no printer', () => {
    expect(body(bare('channel.test'))).toEqual({
      PrinterId: '123',
      EventType: 16,
      PrinterName: 'Farmbell',
      QuickViewUrl: 'https://farmbell.example.org/e/x.y',
    });
  });
});
