/** The chat providers on this machine, to try Farmbell without an account anywhere: `npm run providers`. */
import { type LocalProvider, startProviders } from './local.js';

const print = (line = '') => console.log(line);
const providers = await startProviders(print);

const variable = ({ type, origin }: LocalProvider) => `FARMBELL_${type.toUpperCase()}_ORIGIN=${origin}`;
const channel = ({ type, settings }: LocalProvider) => JSON.stringify({ name: `local ${type}`, type, settings });

print('Start Farmbell so that it sends here:\n');
for (const provider of providers) print(`  ${variable(provider)} \\`);
print('  npm start\n');
print('Then POST each of these to /v1/channels. They hold until this ends:\n');
for (const provider of providers) print(`  ${channel(provider)}`);
print('\nWhat their readers see, until Ctrl-C:\n');

for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    void Promise.all(providers.map((one) => one.close())).then(() => process.exit(0));
  });
