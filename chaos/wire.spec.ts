import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import net from 'node:net';
import { until } from '#testing';
import { Wire } from './wire.js';

describe('a wire', () => {
  let echo: net.Server;
  let wire: Wire;
  let heard: string;
  let closed: boolean;
  let client: net.Socket;

  const call = () => {
    [heard, closed] = ['', false];
    client = net.connect(wire.port, '127.0.0.1');
    client.on('data', (chunk) => {
      heard += chunk;
    });
    client.on('error', () => {});
    client.on('close', () => {
      closed = true;
    });
  };
  beforeEach(async () => {
    echo = net.createServer((socket) => {
      socket.on('error', () => {});
      socket.pipe(socket);
    });
    await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done));
    wire = await Wire.open(() => (echo.address() as AddressInfo).port);
    call();
    client.write('a');
    await until('the answer', 5000, () => heard === 'a');
  });
  afterEach(async () => {
    client.destroy();
    await wire.close();
    await new Promise<void>((done) => echo.close(() => done()));
  });

  it('that is cut brings nothing, and tells nobody', async () => {
    wire.cut();
    client.write('b');
    // by the time that others were answered twice, it would have been
    for (const word of ['c', 'd']) {
      const other = net.connect((echo.address() as AddressInfo).port, '127.0.0.1');
      other.write(word);
      const [answer] = (await once(other, 'data')) as [Buffer];
      expect(answer.toString()).toBe(word);
      other.destroy();
    }
    expect([heard, closed]).toEqual(['a', false]);
  });

  it('that is mended breaks what was open, and brings what is new', async () => {
    wire.cut();
    client.write('b');
    wire.mend();
    await until('the old connection breaks', 5000, () => closed);
    expect(heard).toBe('a');
    call();
    client.write('d');
    await until('the answer on a new connection', 5000, () => heard === 'd');
  });
});
