import type { Wrong } from './pushover-answers.js';
import type { Attachment, Parameters } from './pushover-request.js';

/** https://pushover.net/api#sounds */
export const builtInSounds: Record<string, string> = Object.fromEntries(
  (
    'pushover bike bugle cashregister classical cosmic falling gamelan incoming intermission magic mechanical pianobar siren ' +
    'spacealarm tugboat alien climb persistent echo updown vibrate none'
  )
    .split(' ')
    .map((name) => [name, `${name.charAt(0).toUpperCase()}${name.slice(1)}`]),
);

const keys = ['token', 'user'];
const emergencyOnly = ['retry', 'expire', 'callback', 'tags'];
const known = new Set([
  ...keys,
  ...emergencyOnly,
  ...'message title url url_title device priority sound timestamp ttl html monospace'.split(' '),
]);
/** Code points: https://pushover.net/api#limits */
const longest: Record<string, number> = { message: 1024, title: 250, url: 512, url_title: 100 };
/** https://pushover.net/api#attachments */
const mostBytes = 5_242_880;

type Fields = Record<string, string>;

/** All that is wrong with a message, but for its keys. Errors without a source are worded as the known ones are. */
export function wrongs({ fields, attachment, unreadable }: Parameters): Wrong[] {
  return [
    ...unreadable.map((name): Wrong => [name, 'invalid', `${name} is invalid`]),
    ...strangers(fields),
    ...texts(unreadable.includes('message') ? { ...fields, message: 'unread' } : fields),
    ...numbers(fields),
    ...styles(fields),
    ...emergencies(fields),
    ...(attachment ? pictureWrongs(attachment) : []),
  ];
}

/** Pushover overlooks parameters that it does not know; here they are refused, as a misspelt one does nothing for the reader. */
const strangers = (fields: Fields): Wrong[] =>
  Object.keys(fields)
    .filter((name) => !known.has(name))
    .map((name) => [name, 'unknown', `${name} is no parameter of Pushover`]);

function texts(fields: Fields): Wrong[] {
  const { message = '', url, url_title, device, sound } = fields;
  return [
    ...(isBlank(message) ? [['message', 'cannot be blank', 'message cannot be blank'] satisfies Wrong] : []),
    ...Object.entries(longest)
      .filter(([name, most]) => [...(fields[name] ?? '')].length > most)
      .map(([name, most]): Wrong => [name, 'is too long', `${name} is too long (maximum is ${most} characters)`]),
    // it would be shown nowhere
    ...(url_title !== undefined && !url ? [['url_title', 'invalid', 'url_title needs an url'] satisfies Wrong] : []),
    ...(device !== undefined && !/^[A-Za-z0-9_-]{1,25}(,[A-Za-z0-9_-]{1,25})*$/.test(device)
      ? [['device', 'invalid', 'device name is invalid'] satisfies Wrong]
      : []),
    ...(sound !== undefined && !/^[A-Za-z0-9_-]*$/.test(sound) ? [['sound', 'invalid', 'sound is invalid'] satisfies Wrong] : []),
    ...Object.keys(fields)
      .filter((name) => fields[name]!.includes('\0') || !fields[name]!.isWellFormed())
      .map((name): Wrong => [name, 'invalid', `${name} contains invalid characters`]),
  ];
}

const isBlank = (text: string): boolean => /^[\s\u0085\u200b-\u200f\u2060\ufeff]*$/.test(text);

const isWhole = (text: string): boolean => /^-?\d{1,12}$/.test(text);

function numbers({ priority = '0', ttl, timestamp }: Fields): Wrong[] {
  return [
    ...(isWhole(priority) && Math.abs(Number(priority)) <= 2
      ? []
      : [['priority', 'is invalid', 'priority is invalid, must be between -2 and 2'] satisfies Wrong]),
    ...positive('ttl', ttl),
    ...positive('timestamp', timestamp),
    // it is ignored: https://pushover.net/api#ttl
    ...(ttl !== undefined && priority === '2' ? [['ttl', 'invalid', 'ttl does nothing with priority=2'] satisfies Wrong] : []),
  ];
}

const positive = (name: string, value: string | undefined): Wrong[] =>
  value === undefined || (isWhole(value) && Number(value) > 0) ? [] : [[name, 'invalid', `${name} must be a positive number`]];

/** https://pushover.net/api#html */
function styles({ html, monospace }: Fields): Wrong[] {
  if (html === '1' && monospace === '1') return [['html', 'invalid', 'html and monospace are mutually exclusive']];
  return Object.entries({ html, monospace })
    .filter(([, value]) => value !== undefined && value !== '0' && value !== '1')
    .map(([name]) => [name, 'invalid', `${name} must be 1`]);
}

/** https://pushover.net/api#priority */
function emergencies(fields: Fields): Wrong[] {
  if (fields.priority !== '2')
    return emergencyOnly
      .filter((name) => name in fields)
      .map((name) => [name, 'invalid', `${name} may only be supplied with priority=2`]);
  const wanted = ['expire', 'retry'].filter((name) => fields[name] === undefined);
  const { retry = '30', expire = '1' } = fields;
  return [
    ...wanted.map((name): Wrong => [name, 'must be supplied with priority=2', `${name} must be supplied with priority=2`]),
    ...(isWhole(retry) && Number(retry) >= 30 ? [] : [['retry', 'invalid', 'retry must be at least 30 seconds'] satisfies Wrong]),
    ...(isWhole(expire) && Number(expire) >= 1 && Number(expire) <= 10_800
      ? []
      : [['expire', 'invalid', 'expire must be at most 10800 seconds'] satisfies Wrong]),
  ];
}

const beginnings = [
  [0xff, 0xd8, 0xff],
  [0x89, 0x50, 0x4e, 0x47],
  [0x47, 0x49, 0x46, 0x38],
  [0x52, 0x49, 0x46, 0x46],
];

function pictureWrongs({ name, type, bytes }: Attachment): Wrong[] {
  const wrong = (word: string): Wrong[] => [['attachment', word, `attachment ${word}`]];
  // https://github.com/fraschetti/Octoslack/issues/119
  if (bytes.length > mostBytes) return wrong(`is too large (${bytes.length} bytes is more than ${mostBytes} limit)`);
  if (!name || !/^image\//.test(type)) return wrong('needs a file name and the content type of an image');
  return beginnings.some((beginning) => beginning.every((byte, at) => bytes[at] === byte)) ? [] : wrong('is not a valid image');
}
