import net from 'node:net';
import { freePort, portFree, reachableHost, urlHost } from './ports.js';

describe('freePort and portFree', () => {
  it('see a taken port and take the next one', async () => {
    const port = await freePort();
    expect(await portFree(port)).toBe(true);
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    expect([await portFree(port), await portFree(port, '0.0.0.0')]).toEqual([false, false]);
    expect(await freePort(port)).toBeGreaterThan(port);
    await new Promise((resolve) => server.close(resolve));
    expect(await freePort(port)).toBe(port);
  });

  it('say when an address is not of this machine', async () => {
    await expect(portFree(4222, '192.0.2.1')).rejects.toThrow(/192\.0\.2\.1:4222.*choose another address/);
  });
});

describe('hosts', () => {
  it.each([
    ['0.0.0.0', '127.0.0.1', '127.0.0.1'],
    ['::', '127.0.0.1', '127.0.0.1'],
    ['::1', '::1', '[::1]'],
    ['192.0.2.7', '192.0.2.7', '192.0.2.7'],
  ])('%s is reached at %s', (host, reachable, inUrl) => {
    expect([reachableHost(host), urlHost(host)]).toEqual([reachable, inUrl]);
  });
});
