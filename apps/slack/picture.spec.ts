import { accept, type FarmEvent } from '#contracts';
import type { Part } from '#delivery';
import { slack } from './index.js';
import { isPublic } from './picture.js';

const accepted = accept(
  { type: 'job.failed', job: { name: 'Benchy' } },
  { account: 'default', now: new Date('2026-03-01T12:00:00Z'), newId: () => 'e-1' },
);
if ('errors' in accepted) throw new Error(JSON.stringify(accepted.errors));
const event: FarmEvent = accepted.event;
const stored = { id: 'abc', content_type: 'image/jpeg', bytes: 9 };

const imagesOf = (snapshot: FarmEvent['snapshot'], publicUrl = 'https://farmbell.example.org', ...without: Part[]) =>
  slack
    .render({ ...event, snapshot }, { url: '' }, { publicUrl, without: new Set(without) })
    .blocks?.filter((block) => block.type === 'image');

describe('a picture in a Slack message', () => {
  it("is the publisher's, or the stored one where people reach it", () => {
    const image = { type: 'image', alt_text: 'Snapshot' };
    const url = 'https://cam.example.org/1.jpg?a=1&b=2';
    expect(imagesOf({ url })).toEqual([{ ...image, image_url: url }]);
    expect(imagesOf(stored)).toEqual([{ ...image, image_url: 'https://farmbell.example.org/s/abc' }]);
    expect(imagesOf(undefined)).toEqual([]);
  });

  it('is left out where Slack cannot reach it, or refused it', () => {
    expect(imagesOf({ url: 'http://192.168.1.20/webcam/?action=snapshot' })).toEqual([]);
    expect(imagesOf(stored, 'http://farmbell.example.org')).toEqual([]);
    expect(imagesOf(stored, 'https://192.168.1.5:8080')).toEqual([]);
    expect(imagesOf(stored, 'https://farmbell.example.org', 'picture')).toEqual([]);
    expect(imagesOf(stored, 'https://farmbell.example.org', 'markup')).toBeUndefined();
  });

  it('is left out where its address is longer than Slack takes', () => {
    const url = (length: number) => `https://cam.example.org/${'a'.repeat(length - 24)}`;
    expect([imagesOf({ url: url(3000) })?.length, imagesOf({ url: url(3001) })?.length]).toEqual([1, 0]);
  });

  it.each(['https://cam.example.org/a', 'https://cam.example.org:8443/a', 'https://8.8.8.8/a', 'https://[2606:4700::1111]/a'])(
    '%s is public',
    (address) => expect(isPublic(address)).toBe(true),
  );

  it.each([
    'http://cam.example.org/a',
    'ftp://cam.example.org/a',
    'https://user:secret@cam.example.org/a',
    'https://localhost/a',
    'https://cam.localhost/a',
    'https://octopi/a',
    'https://octopi.local/a',
    'https://OctoPi.LOCAL/a',
    'https://octopi.local./a',
    'https://printer.lan/a',
    'https://printer.internal/a',
    'https://printer.home/a',
    'https://printer.home.arpa/a',
    'https://127.0.0.1/a',
    'https://0x7f.1/a',
    'https://10.0.0.5/a',
    'https://172.20.0.1/a',
    'https://100.64.0.1/a',
    'https://169.254.169.254/a',
    'https://168.63.129.16/a',
    'https://[::1]/a',
    'https://[fd00::1]/a',
    'https://[fe80::1]/a',
    'https://[::ffff:10.0.0.5]/a',
    'https://[::7f00:1]/a',
    'no address',
    '',
  ])('%j is not public', (address) => expect(isPublic(address)).toBe(false));
});
