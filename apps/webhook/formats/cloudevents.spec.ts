import { accept, fromCloudEvent, isOwnType } from '#contracts';
import { context, everyEvent, full, odd, oddTexts, received, tellsAccessCode } from '../samples.js';
import { cloudevents } from './cloudevents.js';

/** What breaks the rules of https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents, spec.md and formats/json-format.md. */
function faultsOf({ data, ...attributes }: Record<string, unknown>): string[] {
  const faults: string[] = [];
  for (const [name, value] of Object.entries(attributes)) {
    if (!/^[a-z0-9]{1,20}$/.test(name)) faults.push(`${name}: attribute names are lower-case letters and digits`);
    // all that this format has are of the type String, or of one that is written as a string
    if (typeof value !== 'string' || value === '') faults.push(`${name}: must be a non-empty string`);
    else if (/\p{Cc}|\p{Noncharacter_Code_Point}/u.test(value) || !value.isWellFormed())
      faults.push(`${name}: has characters that a String must not have`);
  }
  for (const name of ['id', 'source', 'specversion', 'type']) if (!(name in attributes)) faults.push(`${name}: is required`);
  if (attributes.specversion !== '1.0') faults.push("specversion: must be '1.0'");
  if (!URL.canParse(String(attributes.source), 'https://base.example')) faults.push('source: must be a URI-reference');
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(String(attributes.time)))
    faults.push('time: must be RFC 3339');
  if (attributes.datacontenttype !== 'application/json') faults.push('datacontenttype: the data are JSON');
  if ('data_base64' in attributes || data === undefined) faults.push('data: must be there, as JSON');
  return faults;
}

describe('the format cloudevents', () => {
  it('is structured JSON: one media type, the attributes beside the data', () => {
    const event = full('job.succeeded');
    const posted = cloudevents(event, context);
    expect([posted.contentType, posted.headers]).toEqual(['application/cloudevents+json', undefined]);
    const { id, type, time, snapshot, data, ...rest } = event;
    const { dev_access_code, metadata, ...told } = data as Record<string, unknown>;
    expect(received(posted)).toEqual({
      specversion: '1.0',
      id: 'e-1',
      source: '/farmbell/accounts/default',
      type: 'job.succeeded',
      subject: 'p-7',
      time: '2026-03-01T12:00:00.250Z',
      datacontenttype: 'application/json',
      data: { ...rest, data: { ...told, metadata: {} }, snapshot: { url: 'https://farmbell.example.org/s/pic1' } },
    });
  });

  it('keeps the rules of the specification for every type, with all facts and with none', () => {
    const broken = everyEvent.flatMap((event) => {
      const body = received(cloudevents(event, context));
      return [...faultsOf(body), ...(tellsAccessCode(body) ? ['an access code'] : [])].map((fault) => [event.type, fault]);
    });
    expect(broken).toEqual([]);
  });

  it.each(oddTexts)('keeps them with a printer called %j, whose id stands whole in the data', (text) => {
    const body = received(cloudevents(odd(text), context));
    expect(faultsOf(body)).toEqual([]);
    expect(body.data.printer.id).toBe(text);
  });

  it('has no subject where there is no printer', () => {
    expect(received(cloudevents(full('order.closed', { printer: undefined }), context))).not.toHaveProperty('subject');
  });

  it('is what Farmbell takes itself, and reads as the same event', () => {
    for (const event of everyEvent.filter(({ type }) => !isOwnType(type))) {
      const { data: _, snapshot: __, ...sent } = event;
      const read = fromCloudEvent(received(cloudevents(sent, context)));
      if ('errors' in read) throw new Error(JSON.stringify(read.errors));
      const accepted = accept(read.envelope, { account: 'default', now: new Date(event.time), newId: () => 'other' });
      expect(accepted).toEqual({ event: sent, snapshot: undefined, idGiven: true });
    }
  });
});
