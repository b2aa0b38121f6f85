import { checkUrl, egressPolicy, parseCidrs } from './egress.js';

const closed = egressPolicy({ allow: [], forbidden: [], trusted: [] });

describe('the egress policy', () => {
  it.each(['1.1.1.1', '93.184.216.34', '2606:4700:4700::1111', '::ffff:8.8.8.8'])(
    'lets the public address %s through',
    (address) => {
      expect(closed.verdict(address, 443)).toBeUndefined();
    },
  );

  it.each([
    '0.0.0.0',
    '0.1.2.3',
    '10.0.0.1',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.254',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.0.2.1',
    '192.168.1.20',
    '198.18.0.1',
    '203.0.113.9',
    '224.0.0.1',
    '240.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::7f00:1',
    '::127.0.0.1',
    '::8.8.8.8',
    '::ffff:127.0.0.1',
    '::ffff:168.63.129.16',
    '::ffff:0:127.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b:1::1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '2002:7f00:1::',
    '4000::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    'ff02::1',
  ])('refuses %s', (address) => {
    expect(closed.verdict(address, 443)).toMatch(/FARMBELL_EGRESS_ALLOW=/);
  });

  it.each(['', 'localhost', '0x7f.1', '2130706433', '0177.0.0.1', '1.2.3.4/32', '[::1]'])(
    'refuses %j, which is no address',
    (address) => {
      expect(closed.verdict(address, 80)).toMatch(/not an IP address/);
    },
  );

  it('tells the operator what to set: the CIDR, and for http both variables', () => {
    expect(closed.verdict('192.168.1.20', 8123)).toContain('FARMBELL_EGRESS_ALLOW=192.168.1.20/32');
    expect(closed.verdict('192.168.1.20', 8123)).not.toContain('FARMBELL_ALLOW_HTTP_WEBHOOKS');
    expect(closed.verdict('fd00::5', 443)).toContain('FARMBELL_EGRESS_ALLOW=fd00::5/128');
    expect(closed.verdict('::ffff:10.1.2.3', 443)).toContain('FARMBELL_EGRESS_ALLOW=10.1.2.3/32');
    const both = closed.verdict('192.168.1.20', 8123, 'http://192.168.1.20:8123');
    expect(both).toContain('FARMBELL_EGRESS_ALLOW=192.168.1.20/32');
    expect(both).toContain('FARMBELL_ALLOW_HTTP_WEBHOOKS=true');
  });

  it('one refused address refuses the whole answer, and one text names every CIDR', () => {
    expect(closed.judge(['1.1.1.1', '10.0.0.1', 'fd00::1'], 443)).toContain('FARMBELL_EGRESS_ALLOW=10.0.0.1/32,fd00::1/128');
    expect(closed.judge(['1.1.1.1', '8.8.8.8'], 443)).toBeUndefined();
  });

  it('opens what the operator listed, and nothing beside it', () => {
    const policy = egressPolicy({ allow: ['192.168.1.0/24', 'fd12::/16', '169.254.169.254/32'], forbidden: [], trusted: [] });
    for (const open of ['192.168.1.20', '::ffff:192.168.1.20', 'fd12::1', '169.254.169.254'])
      expect(policy.verdict(open, 80)).toBeUndefined();
    for (const shut of ['192.168.2.20', 'fd13::1', '127.0.0.1', '::1', '169.254.169.253'])
      expect(policy.verdict(shut, 80)).toBeDefined();
  });

  it('opens loopback when listed; ::1 goes with 127.0.0.1, as localhost means both', () => {
    const policy = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });
    for (const open of ['127.0.0.1', '127.9.9.9', '::ffff:127.0.0.1', '::1']) expect(policy.verdict(open, 80)).toBeUndefined();
    for (const shut of ['0.0.0.0', '::', '::127.0.0.1']) expect(policy.verdict(shut, 80)).toBeDefined();
    const six = egressPolicy({ allow: ['::1/128'], forbidden: [], trusted: [] });
    expect(six.verdict('::1', 80)).toBeUndefined();
    expect(six.verdict('127.0.0.1', 80)).toBeDefined();
  });

  it("never opens Farmbell's own endpoints, by whatever address of this machine", () => {
    const policy = egressPolicy({
      allow: ['0.0.0.0/0', '::/0'],
      forbidden: [
        { host: '127.0.0.1', port: 4222 },
        { host: '10.0.0.7', port: 5432 },
        { host: '[fd00::7]', port: 5433 },
        { host: 'localhost', port: 6000 },
        { host: 'db.internal', port: 5434 },
      ],
      trusted: ['http://127.0.0.1:4222'],
      own: () => ['192.168.1.5', 'fe80::5'],
    });
    for (const address of ['127.0.0.1', '127.0.0.2', '0.0.0.0', '::', '::1', '::ffff:127.0.0.1', '192.168.1.5', 'fe80::5']) {
      expect(policy.verdict(address, 4222)).toMatch(/own NATS or database/);
      expect(policy.verdict(address, 6000)).toMatch(/own NATS or database/);
      expect(policy.verdict(address, 4223)).toBeUndefined();
    }
    expect(policy.verdict('127.0.0.1', 4222, 'http://127.0.0.1:4222')).toMatch(/no setting opens/);
    expect(policy.verdict('10.0.0.7', 5432)).toBeDefined();
    expect(policy.verdict('::ffff:10.0.0.7', 5432)).toBeDefined();
    expect(policy.verdict('fd00::7', 5433)).toBeDefined();
    expect(policy.verdict('10.0.0.8', 5432)).toBeUndefined();
    expect(policy.verdict('192.168.1.6', 4222)).toBeUndefined();
    expect(policy.forbiddenNames(5434)).toEqual(['db.internal']);
    expect(policy.forbiddenNames(5432)).toEqual([]);
  });

  it("lets the operator's own origins through, for that origin only", () => {
    const policy = egressPolicy({ allow: [], forbidden: [], trusted: ['http://127.0.0.1:8081/'] });
    expect(policy.verdict('127.0.0.1', 8081, 'http://127.0.0.1:8081')).toBeUndefined();
    expect(policy.verdict('127.0.0.1', 8082, 'http://127.0.0.1:8082')).toBeDefined();
    expect(policy.verdict('127.0.0.1', 8081)).toBeDefined();
    expect(policy.trusts('http://127.0.0.1:8081')).toBe(true);
  });
});

describe('FARMBELL_EGRESS_ALLOW', () => {
  it('is a comma-separated list, empty by default', () => {
    expect(parseCidrs('')).toEqual([]);
    expect(parseCidrs(' 192.168.1.20/32 , fd00::/8,')).toEqual(['192.168.1.20/32', 'fd00::/8']);
    const policy = egressPolicy({ allow: parseCidrs('::ffff:10.0.0.0/104'), forbidden: [], trusted: [] });
    expect(policy.verdict('10.9.9.9', 80)).toBeUndefined();
    expect(policy.verdict('11.0.0.1', 80)).toBeUndefined();
    expect(policy.verdict('192.168.0.1', 80)).toBeDefined();
  });

  it.each(['192.168.1.300/32', '192.168.1.0/33', '10/8', 'fd00::/129', 'lan', '1.2.3.4/', '1.2.3.4/-1', '1.2.3.4/8/8'])(
    'names the bad entry %s',
    (entry) => {
      expect(() => parseCidrs(`10.0.0.0/8,${entry}`)).toThrow('entry 2 of 2 is not a CIDR');
    },
  );

  it('tells how to write a single address', () => {
    expect(() => parseCidrs('192.168.1.20')).toThrow('write /32 behind it');
    expect(() => parseCidrs('fd00::1')).toThrow('write /128 behind it');
  });
});

describe('a URL that somebody enters', () => {
  const strict = { allowHttp: false, policy: closed };
  const open = egressPolicy({ allow: ['127.0.0.0/8'], forbidden: [], trusted: [] });

  it.each([
    'https://hooks.example.com/x?y=1',
    'https://hooks.example.com:8443',
    'https://1.1.1.1/',
    'https://[2606:4700:4700::1111]/',
  ])('%s is fine', (url) => {
    expect(checkUrl(url, strict)).toBeUndefined();
  });

  it.each([
    ['hooks.example.com', /not a URL/],
    ['', /not a URL/],
    ['https://', /not a URL/],
    ['ftp://example.com', /use https/],
    ['javascript:alert(1)', /use https/],
    ['https://u:p@example.com', /user name or password/],
    ['https://u@example.com', /user name or password/],
    ['https://example.com./', /full stop/],
    ['https://localhost.:1/', /full stop/],
    ['https://localhost/', /FARMBELL_EGRESS_ALLOW=127\.0\.0\.1\/32/],
    ['https://a.LOCALHOST/', /FARMBELL_EGRESS_ALLOW=127\.0\.0\.1\/32/],
    ['https://0x7f.1/', /FARMBELL_EGRESS_ALLOW=127\.0\.0\.1\/32/],
    ['https://2130706433/', /FARMBELL_EGRESS_ALLOW=127\.0\.0\.1\/32/],
    ['https://[::ffff:127.0.0.1]/', /FARMBELL_EGRESS_ALLOW=127\.0\.0\.1\/32/],
    ['https://[fd00::1]:8123/', /FARMBELL_EGRESS_ALLOW=fd00::1\/128/],
    ['http://192.168.1.20:8123/', /FARMBELL_EGRESS_ALLOW=192\.168\.1\.20\/32.*FARMBELL_ALLOW_HTTP_WEBHOOKS=true/],
    ['http://ha.lan:8123/', /FARMBELL_ALLOW_HTTP_WEBHOOKS=true.*FARMBELL_EGRESS_ALLOW=</],
    ['http://1.1.1.1/', /FARMBELL_ALLOW_HTTP_WEBHOOKS=true, and/],
  ])('%s is not, and the fault tells the cure', (url, words) => {
    expect(checkUrl(url, strict)).toMatch(words);
  });

  it('may be http and in the LAN where the operator says so', () => {
    expect(checkUrl('http://ha.lan:8123/', { ...strict, allowHttp: true })).toBeUndefined();
    expect(checkUrl('http://192.168.1.20/', { ...strict, allowHttp: true })).toMatch(/192\.168\.1\.20\/32/);
    expect(checkUrl('http://127.0.0.1:1/', { allowHttp: true, policy: open })).toBeUndefined();
    expect(checkUrl('http://localhost:1/', { allowHttp: true, policy: open })).toBeUndefined();
    expect(checkUrl('http://127.0.0.1:1/', { allowHttp: false, policy: open })).toMatch(/FARMBELL_ALLOW_HTTP_WEBHOOKS=true/);
    const policy = egressPolicy({ allow: [], forbidden: [], trusted: ['http://127.0.0.1:9'] });
    expect(checkUrl('http://127.0.0.1:9/bot', { allowHttp: false, policy })).toBeUndefined();
  });
});
