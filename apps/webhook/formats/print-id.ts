import { createHash } from 'node:crypto';
import type { FarmEvent } from '#contracts';

/** What is the same in all events of one print and in no other's: the job's id, else where, what and since when it prints. */
export function printId({ account, printer, job }: FarmEvent): string | undefined {
  if (job?.id) return job.id;
  const [where, what] = [printer?.id || printer?.name, job?.name || job?.file];
  if (!where || !what || !job?.started_at) return undefined;
  return sha256(JSON.stringify([account, where, what, Date.parse(job.started_at)]))
    .toString('hex')
    .slice(0, 32);
}

/** A print's id in the form of a UUID; one that is a UUID stays as it is. */
export function printUuid(account: string, id: string): string {
  if (/^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(id)) return id;
  const bytes = sha256(`${account}/print/${id}`).subarray(0, 16);
  // RFC 9562, version 8: bits of the maker's choice
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
