import { ask, Bus } from '#bus';
import { subjects } from '#contracts';
import { receiver } from '#testing';
import { RulesModule } from '../rules/index.js';
import { WebhookModule } from '../webhook/index.js';
import { testFarm } from './farm.js';

it('carries an event from EVENTS to a receiver', async () => {
  const farm = await testFarm([RulesModule, WebhookModule]);
  const sink = await receiver();
  const bus = await Bus.connect({ url: farm.nats.url, name: 'gateway' });
  const made = await ask(bus, 'rules.channel.create', {
    account: 'default',
    id: 'ch1',
    channel: { name: 'first', type: 'webhook', settings: { url: `${sink.origin}/hook?x=1` } },
  });
  expect(made.generated.api_key).toHaveLength(43);
  const event = {
    id: 'e1',
    type: 'job.succeeded',
    severity: 'success',
    time: new Date().toISOString(),
    title: 't',
    message: 'm',
    account: 'default',
  };
  await bus.publish(subjects.event('default', event.type), event, { id: 'default/e1' });
  const got = await sink.next((request) => (request.json as { id: string }).id === 'e1', 10_000);
  expect(got.url).toBe('/hook?x=1');
  await bus.close();
  await sink.close();
  await farm.stop();
});
