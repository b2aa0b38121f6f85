import { disabledByPlan, turned } from './turned.js';

const on = { enabled: true, epoch: 3, disabled_reason: null };
const byPerson = { enabled: false, epoch: 3, disabled_reason: 'disabled by a person' };
const byHealth = { enabled: false, epoch: 3, disabled_reason: '10 deliveries failed within 24 hours' };
const byPlan = { ...on, ...turned(on, false, 'plan') };

it('says why the plan disables, and the cure', () => {
  expect(byPlan).toEqual({
    enabled: false,
    epoch: 4,
    disabled_reason: expect.stringMatching(/commercial.*PATCH \/v1\/accounts/),
  });
});

it.each([
  ['on', on, true, 'person', {}],
  ['on', on, false, 'person', { enabled: false, epoch: 4, disabled_reason: 'disabled by a person' }],
  ['on', on, true, 'plan', {}],
  ['disabled by a person', byPerson, true, 'person', { enabled: true, epoch: 4, disabled_reason: null }],
  ['disabled by a person', byPerson, true, 'plan', {}],
  ['disabled by a person', byPerson, false, 'plan', {}],
  ['disabled by health', byHealth, true, 'plan', {}],
  ['disabled by health', byHealth, false, 'person', {}],
  ['disabled by the plan', byPlan, true, 'plan', { enabled: true, epoch: 5, disabled_reason: null }],
  ['disabled by the plan', byPlan, true, 'person', { enabled: true, epoch: 5, disabled_reason: null }],
  ['disabled by the plan', byPlan, false, 'plan', {}],
  ['disabled by the plan', byPlan, false, 'person', { disabled_reason: 'disabled by a person' }],
] as const)('one that is %s becomes, %#: %j', (_, row, enabled, by, change) => {
  expect(turned(row, enabled, by)).toEqual(change);
});

it('knows what the plan has disabled', () => {
  expect([on, byPerson, byHealth, byPlan].map(disabledByPlan)).toEqual([false, false, false, true]);
});
