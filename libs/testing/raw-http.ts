import { connect } from 'node:net';

export interface RawAnswer {
  /** 0: the connection was closed without an answer. */
  status: number;
  /** Names in lower case. */
  headers: Record<string, string>;
  text: string;
}

const longestMs = 20_000;

/**
 * Sends bytes as they are to an HTTP server on this machine and reads until it closes the connection, or until there is `enough`
 * of an answer that has no end. Throws when it neither answers nor closes within 20 s.
 */
export function rawHttp(
  port: number,
  bytes: Uint8Array | string,
  enough: (text: string) => boolean = () => false,
): Promise<RawAnswer> {
  return new Promise((done, fail) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const timer = setTimeout(() => {
      socket.destroy();
      fail(
        new Error(
          `No end of the answer within ${longestMs} ms; so far: ${Buffer.concat(chunks).toString('latin1').slice(0, 300)}`,
        ),
      );
    }, longestMs);
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      if (enough(Buffer.concat(chunks.slice(-2)).toString('latin1'))) socket.destroy();
    });
    // a server that refuses early resets what is still on its way
    socket.on('error', () => {});
    socket.on('close', () => {
      clearTimeout(timer);
      done(answerOf(Buffer.concat(chunks)));
    });
  });
}

/** A request of HTTP/1.1 that asks to close the connection; headers are sent as they are. */
export const rawRequest = (
  method: string,
  path: string,
  headers: [string, string][],
  body: Uint8Array = Buffer.alloc(0),
): Buffer =>
  Buffer.concat([
    Buffer.from(`${method} ${path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n`, 'latin1'),
    Buffer.from(headers.map(([name, value]) => `${name}: ${value}\r\n`).join(''), 'latin1'),
    Buffer.from(body.length > 0 ? `content-length: ${body.length}\r\n\r\n` : '\r\n'),
    body,
  ]);

/** The first answer: a second may follow what could not be read as one request. */
function answerOf(bytes: Buffer): RawAnswer {
  const end = bytes.indexOf('\r\n\r\n');
  const [first = '', ...lines] = bytes.subarray(0, Math.max(end, 0)).toString('latin1').split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const body = bytes.subarray(end + 4);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0);
  if (headers['transfer-encoding'] === 'chunked') return { status, headers, text: dechunked(body.toString()) };
  return { status, headers, text: body.subarray(0, Number(headers['content-length'] ?? body.length)).toString() };
}

const dechunked = (text: string): string => {
  const size = Number.parseInt(text, 16);
  const at = text.indexOf('\r\n') + 2;
  const bytes = Buffer.from(text.slice(at));
  return size > 0 ? bytes.subarray(0, size).toString() + dechunked(bytes.subarray(size + 2).toString()) : '';
};
