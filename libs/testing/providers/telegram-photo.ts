/** A picture's size in pixels. */
export interface Size {
  width: number;
  height: number;
}

/** Where the picture does not say. */
const usual: Size = { width: 640, height: 480 };
const most = { bytes: 10 * 1024 * 1024, sides: 10_000, ratio: 20 };

/** What Telegram makes of an uploaded picture, or why it does not take it: https://core.telegram.org/bots/api#sendphoto */
export function photoOf(bytes: Buffer): Size | { refused: string } {
  if (bytes.length === 0) return { refused: 'file must be non-empty' };
  if (bytes.length > most.bytes)
    return { refused: `file of size ${bytes.length} bytes is too big for a photo; the maximum size is ${most.bytes} bytes` };
  const read = readers.find(([starts]) => starts(bytes))?.[1];
  if (!read) return { refused: 'IMAGE_PROCESS_FAILED' };
  const size = read(bytes) ?? usual;
  const { width, height } = size;
  const ratio = Math.max(width, height) / Math.min(width, height);
  return width + height > most.sides || !(ratio <= most.ratio) ? { refused: 'PHOTO_INVALID_DIMENSIONS' } : size;
}

type Reader = (bytes: Buffer) => Size | undefined;
const begins =
  (start: string, at = 0) =>
  (bytes: Buffer) =>
    bytes.toString('latin1', at, at + start.length) === start;

const readers: [starts: (bytes: Buffer) => boolean, read: Reader][] = [
  [begins('\xff\xd8\xff'), jpegSize],
  [begins('\x89PNG\r\n\x1a\n'), (b) => (b.length < 24 ? undefined : { width: b.readUInt32BE(16), height: b.readUInt32BE(20) })],
  [(b) => begins('RIFF')(b) && begins('WEBP', 8)(b), () => undefined],
];

/** From its frame header, the segments before it skipped. */
function jpegSize(bytes: Buffer): Size | undefined {
  let at = 2;
  while (at + 9 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1]!;
    const isFrame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
    if (isFrame) return { height: bytes.readUInt16BE(at + 5), width: bytes.readUInt16BE(at + 7) };
    at += 2 + bytes.readUInt16BE(at + 2);
  }
  return undefined;
}
