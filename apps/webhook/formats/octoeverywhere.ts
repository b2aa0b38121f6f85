import { type FarmEvent, rowOf } from '#contracts';
import type { Format } from './format.js';
import { pageLink } from './page-link.js';
import { printId } from './print-id.js';
import { snapshotLink } from './snapshot-link.js';
import { unixTime } from './times.js';

/** Whether OctoEverywhere has a number for events of this type: a channel of this format is told of no others. */
export const selects = ({ type }: Pick<FarmEvent, 'type'>): boolean => numberOf(type) !== undefined;

const numberOf = (type: string): number | undefined => rowOf(type)?.vendors.octoeverywhere;

/** Errors and waiting for somebody: of these, the platform's own words are told. */
const told = new Set([9, 12]);

/** OctoEverywhere's webhook body: https://docs.octoeverywhere.com/webhook-notifications/json-payload-format/ */
export const octoeverywhere: Format = (event, { publicUrl, page, channel, settings }) => {
  const { type, account, printer, job, snapshot, data, message } = event;
  const number = numberOf(type);
  if (number === undefined)
    throw new Error(
      `OctoEverywhere has no event number for ${type}: leave this type out of the channel's events, or choose another format`,
    );
  const reason = job?.error || (typeof data?.reason === 'string' && data.reason) || (told.has(number) && message);
  return {
    contentType: 'application/json',
    body: {
      // always there, also in a test, which is of no printer
      PrinterId: printer?.id || printer?.name || channel || account,
      SecretKey: settings.secret,
      PrintId: printId(event),
      EventType: number,
      PrinterName: printer?.name || printer?.id || 'Farmbell',
      SnapshotUrl: snapshot && snapshotLink(snapshot, publicUrl),
      QuickViewUrl: pageLink(event, { publicUrl, page }),
      FileName: job?.file || job?.name || undefined,
      DurationSec: durationOf(event),
      // what is not complete is never 100
      Progress: job?.progress === undefined ? undefined : Math.floor(job.progress),
      TimeRemainingSec: whole(job?.remaining_s),
      ZOffsetMM: whole(job?.z_mm),
      CurrentLayer: job?.layer,
      TotalLayers: job?.layers,
      Error: reason || undefined,
      PlatformErrorCode: job?.error_code || undefined,
    },
  };
};

const whole = (value: number | undefined): number | undefined => (value === undefined ? undefined : Math.round(value));

/** Since the print's start. A bed cools when its print is over already. */
function durationOf({ type, job, time }: FarmEvent): number | undefined {
  if (job?.duration_s !== undefined) return Math.round(job.duration_s);
  const start = unixTime(job?.started_at);
  const end = unixTime(job?.ended_at ?? (type === 'printer.bed_cooled' ? undefined : time));
  return start === undefined || end === undefined || end < start ? undefined : end - start;
}
