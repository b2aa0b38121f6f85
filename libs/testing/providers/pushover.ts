import type { Answer, ReceivedRequest } from '../receiver.js';
import { type Provider, provider } from './provider.js';
import { Address } from './pushover-address.js';
import {
  blocked,
  quotaExceeded,
  refused,
  taken,
  tooFast,
  unknownPage,
  wrongDevice,
  wrongMethod,
  wrongReceipt,
  wrongToken,
  wrongUser,
} from './pushover-answers.js';
import { type App, limitHeaders, newKey, nextMonth, renewed } from './pushover-apps.js';
import { connectionsTo } from './pushover-connections.js';
import { Emergencies } from './pushover-receipts.js';
import { type Parameters, parametersOf } from './pushover-request.js';
import { builtInSounds, wrongs } from './pushover-rules.js';

export interface PushoverLimits {
  /** Messages of an application in a month. */
  month: number;
  /** Connections of one address at once. */
  connections: number;
  /** So many answers of 4xx within minutes block the address. */
  badRequests: number;
  /** Between two looks at one receipt, ms. */
  pollMs: number;
}

export interface PushoverOptions {
  /** Null: no limits. What is left out is as documented; the number of bad requests is nobody's but ours. */
  limits?: Partial<PushoverLimits> | null;
  /** The clock of months, emergencies and blocks, milliseconds since 1970. */
  now?: () => number;
}

/** A message as it reaches the devices. */
export interface PushedMessage {
  token: string;
  user: string;
  /** What was sent besides the keys. */
  fields: Record<string, string>;
  attachment?: { name: string; type: string; size: number };
  /** The devices that it went to. */
  devices: string[];
  /** What they play; undefined: what the user chose. */
  plays?: string;
  receipt?: string;
}

export interface PushoverProvider extends Provider {
  /** Registers an application, and returns its API token. */
  appToken(options?: { month?: number; sounds?: Record<string, string> }): string;
  /** Makes a user with these active devices, or a group of so many members, and returns the key. */
  userKey(options?: { devices?: string[]; members?: number }): string;
  messages: PushedMessage[];
  /** Somebody acknowledges an emergency on a device of that name. */
  acknowledge(receipt: string, by: string): void;
  /** How often an emergency was shown so far. */
  shown(receipt: string): number;
  connections: { open(): number; refused(): number };
}

interface User {
  devices: string[];
  /** Of a group. */
  members?: number;
}

const documented: PushoverLimits = { month: 10_000, connections: 2, badRequests: 20, pollMs: 5_000 };
const unlimited: PushoverLimits = {
  month: Number.POSITIVE_INFINITY,
  connections: Number.POSITIVE_INFINITY,
  badRequests: Number.POSITIVE_INFINITY,
  pollMs: 0,
};

/** A strict Pushover: https://pushover.net/api */
export async function pushoverProvider({ limits = {}, now = Date.now }: PushoverOptions = {}): Promise<PushoverProvider> {
  const most = limits ? { ...documented, ...limits } : unlimited;
  const apps = new Map<string, App>();
  const users = new Map<string, User>();
  const messages: PushedMessage[] = [];
  const emergencies = new Emergencies(now);
  const address = new Address(most.badRequests, now);

  async function behave(request: ReceivedRequest): Promise<Answer> {
    if (address.isBlocked()) return blocked;
    const answer = await route(request);
    address.saw(answer.status ?? 204);
    return answer;
  }

  type Page = (parameters: Parameters, app: App, part: string) => Answer;
  const pages: [method: string, path: RegExp, page: Page][] = [
    ['POST', /^\/1\/messages\.json$/, (parameters, app) => counted(onMessage(parameters, app), app)],
    ['POST', /^\/1\/users\/validate\.json$/, ({ fields }) => onValidate(fields)],
    ['GET', /^\/1\/sounds\.json$/, (_, app) => taken({ sounds: { ...builtInSounds, ...app.sounds } })],
    ['GET', /^\/1\/apps\/limits\.json$/, (_, app) => onLimits(app)],
    ['GET', /^\/1\/receipts\/(\w+)\.json$/, (_, app, receipt) => onReceipt(app, receipt)],
    ['POST', /^\/1\/receipts\/(\w+)\/cancel\.json$/, (_, app, receipt) => onCancel(app, receipt)],
    [
      'POST',
      /^\/1\/receipts\/cancel_by_tag\/([^/]+)\.json$/,
      (_, app, tag) => taken({ canceled: emergencies.cancelTagged(decodeURIComponent(tag), app.token) }),
    ],
  ];

  async function route(request: ReceivedRequest): Promise<Answer> {
    const url = new URL(request.url, 'http://pushover');
    const found = pages.find(([, path]) => path.test(url.pathname));
    if (!found) return unknownPage;
    const [method, path, page] = found;
    if (request.method !== method) return wrongMethod;
    const query: Parameters = { fields: Object.fromEntries(url.searchParams), unreadable: [] };
    const parameters = method === 'GET' ? query : await parametersOf(request);
    const app = apps.get(parameters.fields.token ?? '');
    if (!app) return refused([wrongToken]);
    return page(parameters, renewed(app, now()), path.exec(url.pathname)?.[1] ?? '');
  }

  const counted = (answer: Answer, app: App): Answer => ({ ...answer, headers: { ...answer.headers, ...limitHeaders(app) } });

  function onMessage(parameters: Parameters, app: App): Answer {
    const { token: _, user: key = '', ...fields } = parameters.fields;
    const user = users.get(key);
    if (!user) return refused([wrongUser]);
    const faults = wrongs(parameters);
    if (faults.length > 0) return refused(faults);
    // a message to a group counts for each of its members: https://pushover.net/api#limits
    const cost = user.members ?? 1;
    if (app.sent + cost > app.limit) return quotaExceeded(app.limit);
    app.sent += cost;
    const receipt = fields.priority === '2' ? emergencies.begin(app.token, key, fields) : undefined;
    const { attachment: file } = parameters;
    const named = user.devices.filter((name) => fields.device?.toLowerCase().split(',').includes(name.toLowerCase()));
    const sound = fields.sound && (fields.sound in builtInSounds || fields.sound in app.sounds) ? fields.sound : undefined;
    messages.push({
      token: app.token,
      user: key,
      fields,
      // of devices that are not there, all: https://pushover.net/api#identifiers
      devices: named.length > 0 ? named : user.devices,
      ...(file && { attachment: { name: file.name, type: file.type, size: file.bytes.length } }),
      ...(sound && { plays: sound }),
      ...(receipt && { receipt }),
    });
    return taken(receipt ? { receipt } : {});
  }

  function onValidate({ user: key = '', device }: Record<string, string>): Answer {
    const user = users.get(key);
    if (!user) return refused([['user', 'invalid', 'user key is invalid']]);
    const group = user.members === undefined ? 0 : 1;
    if (device !== undefined && group === 0 && !user.devices.includes(device))
      return refused([wrongDevice], { group, licenses: ['iOS'] });
    return taken({ group, devices: user.devices, licenses: group ? [] : ['iOS'] });
  }

  const onLimits = ({ limit, sent, resetAt }: App): Answer =>
    taken({ limit, remaining: Math.max(0, limit - sent), reset: resetAt / 1000 });

  function onReceipt(app: App, receipt: string): Answer {
    const found = emergencies.find(receipt, app.token);
    if (!found) return refused([wrongReceipt], {}, 404);
    const last = app.polls.get(receipt) ?? Number.NEGATIVE_INFINITY;
    app.polls.set(receipt, now());
    return now() - last < most.pollMs ? tooFast : taken(emergencies.view(found));
  }

  function onCancel(app: App, receipt: string): Answer {
    const found = emergencies.find(receipt, app.token);
    if (!found) return refused([wrongReceipt], {}, 404);
    emergencies.cancel(found);
    return taken();
  }

  const server = await provider(behave);
  const front = await connectionsTo(server.origin, most.connections);
  return {
    ...server,
    origin: front.origin,
    close: async () => {
      await front.close();
      await server.close();
    },
    messages,
    connections: front,
    appToken: ({ month = most.month, sounds = {} } = {}) => {
      const token = newKey('a');
      apps.set(token, { token, limit: month, sent: 0, resetAt: nextMonth(now()), sounds, polls: new Map() });
      return token;
    },
    userKey: ({ devices = ['iphone'], members } = {}) => {
      const key = newKey(members === undefined ? 'u' : 'g');
      users.set(key, members === undefined ? { devices } : { devices: [], members });
      return key;
    },
    acknowledge: (receipt, by) => emergencies.acknowledge(receipt, by),
    shown: (receipt) => emergencies.shown(emergencies.find(receipt, messages.find((one) => one.receipt === receipt)!.token)!),
  };
}
