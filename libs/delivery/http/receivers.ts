/** For the specs of this folder: receivers good and bad on this machine, and clients that may reach them. */
import { generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { createHttp, type Http, type HttpOptions } from './client.js';
import { egressPolicy } from './egress.js';
import { HttpFailure } from './failures.js';

export const closedPolicy = egressPolicy({ allow: [], forbidden: [], trusted: [] });
export const openPolicy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });

/** What to undo when the test ends. */
export const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A client that may reach this machine, closed when the test ends. */
export function client(options: Partial<HttpOptions> = {}): Http {
  const http = createHttp({ policy: openPolicy, userAgent: 'Farmbell/test', ...options });
  ends.push(() => http.close());
  return http;
}

/** Starts a server on a free port, ended with its connections when the test ends. */
export async function listening(server: Server): Promise<number> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  ends.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

export const web = async (answer: RequestListener): Promise<string> =>
  `http://127.0.0.1:${await listening(createServer(answer))}`;
/** A receiver below HTTP: what it does with each connection once the request has come. */
export const raw = async (answer: (socket: Socket) => void): Promise<string> =>
  `http://127.0.0.1:${await listening(createTcpServer((socket) => socket.once('data', () => answer(socket))))}`;

/** The HttpFailure a call ends with. */
export async function failure(promise: Promise<unknown>): Promise<HttpFailure> {
  const error = await promise.then(
    () => new Error('there was an answer'),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HttpFailure);
  return error as HttpFailure;
}

/** A self-signed X.509 certificate for one DNS name, made by hand (RFC 5280): no openssl, no fixture that expires. */
export function certificate(name: string, from: Date, to: Date): { key: string; cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const der = (tag: number, ...parts: (Buffer | string)[]): Buffer => {
    const body = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
    const size =
      body.length < 128 ? [body.length] : body.length < 256 ? [0x81, body.length] : [0x82, body.length >> 8, body.length & 255];
    return Buffer.concat([Buffer.from([tag, ...size]), body]);
  };
  const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, 'hex'));
  const time = (date: Date): Buffer => der(0x18, `${date.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`);
  const algorithm = der(0x30, oid('2a8648ce3d040302')); // ecdsa-with-SHA256
  const subject = der(0x30, der(0x31, der(0x30, oid('550403'), der(0x0c, name))));
  const alternative = der(0x30, oid('551d11'), der(0x04, der(0x30, der(0x82, name))));
  const toSign = der(
    0x30,
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    subject,
    der(0x30, time(from), time(to)),
    subject,
    (publicKey as KeyObject).export({ type: 'spki', format: 'der' }),
    der(0xa3, der(0x30, alternative)),
  );
  const whole = der(0x30, toSign, algorithm, der(0x03, Buffer.from([0]), signBytes('sha256', toSign, privateKey)));
  const cert = `-----BEGIN CERTIFICATE-----\n${whole.toString('base64')}\n-----END CERTIFICATE-----\n`;
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(), cert };
}
