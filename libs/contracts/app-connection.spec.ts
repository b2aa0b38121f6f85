import { catalogue, checked, setWebhookSchema, typesOf, webhookOf } from './index.js';

const url = 'https://app.example.com/octoeverywhere/webhook?tenantId=abc123&printerRef=p42&callbackToken=secret';
const numbers = Array.from({ length: 16 }, (_, n) => n + 1);

describe("OctoEverywhere's event numbers", () => {
  it.each([
    [1, ['job.started']],
    [2, ['job.succeeded']],
    [3, ['job.failed', 'job.cancelled']],
    [4, ['job.paused']],
    [5, ['job.resumed']],
    [6, ['job.progress']],
    [7, ['detection.spaghetti', 'detection.first_layer', 'detection.detachment']],
    [8, ['detection.paused_print']],
    [9, ['printer.error', 'printer.hms_error']],
    [10, ['job.first_layer_completed']],
    [11, ['printer.filament_change_required']],
    [12, ['printer.user_action_required']],
    [14, ['job.third_layer_completed']],
    [15, ['printer.bed_cooled']],
    [16, ['channel.test']],
  ])('%i is %j', (number, types) => expect(typesOf([number]).sort()).toEqual([...types].sort()));

  it('of an empty filter are all, progress too, which no channel hears of without being asked', () => {
    const all = catalogue.filter((row) => row.vendors.octoeverywhere !== undefined).map((row) => row.type);
    expect(typesOf([])).toEqual(all);
    expect(all).toContain('job.progress');
    expect(typesOf(numbers)).toEqual(all);
  });

  it('that never fire select nothing that happens, instead of everything', () => {
    expect(typesOf([13])).toEqual(['channel.test']);
    expect(typesOf([13, 1, 1])).toEqual(['job.started']);
  });
});

describe('the body of SetNotificationWebhook', () => {
  const read = (body: unknown) => {
    const parsed = checked(setWebhookSchema, body);
    return 'errors' in parsed ? parsed.errors.map(({ path }) => path) : webhookOf(parsed.data);
  };

  it.each<[string, object, number[]]>([
    [
      "the documentation's example",
      { AppToken: 't', WebhookUrl: url, InclusiveEventTypesFilter: [1, 2, 3, 7, 8, 9] },
      [1, 2, 3, 7, 8, 9],
    ],
    ['without a filter', { WebhookUrl: url }, []],
    ['with an empty filter', { WebhookUrl: url, InclusiveEventTypesFilter: [] }, []],
    ['with null', { WebhookUrl: url, InclusiveEventTypesFilter: null, AppToken: null }, []],
    ['the older names', { CallbackUrl: url, EventTypes: [2, 13] }, [2, 13]],
    [
      'both names: the present one goes first',
      { WebhookUrl: url, CallbackUrl: 'x', InclusiveEventTypesFilter: [1], EventTypes: [2] },
      [1],
    ],
    ['keys that are not known', { WebhookUrl: url, Anything: {} }, []],
  ])('takes %s', (_, body, filter) => expect(read(body)).toEqual({ url, events: typesOf(filter) }));

  it.each<[string, unknown, string]>([
    ['no URL', {}, 'WebhookUrl'],
    ['no URL but null', { WebhookUrl: null }, 'WebhookUrl'],
    ['a URL that is no text', { WebhookUrl: 5 }, 'WebhookUrl'],
    ['a long URL', { WebhookUrl: `https://example.org/${'x'.repeat(2000)}` }, 'WebhookUrl'],
    ['the number 0', { WebhookUrl: url, InclusiveEventTypesFilter: [1, 0] }, 'InclusiveEventTypesFilter[1]'],
    ['the number 17', { WebhookUrl: url, InclusiveEventTypesFilter: [17] }, 'InclusiveEventTypesFilter[0]'],
    ['half a number', { WebhookUrl: url, EventTypes: [1.5] }, 'EventTypes[0]'],
    ['a number as text', { WebhookUrl: url, InclusiveEventTypesFilter: ['1'] }, 'InclusiveEventTypesFilter[0]'],
    ['a filter that is no list', { WebhookUrl: url, InclusiveEventTypesFilter: 1 }, 'InclusiveEventTypesFilter'],
  ])('refuses %s', (_, body, path) => expect(read(body)).toEqual([path]));
});
