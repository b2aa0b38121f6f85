import { answer, type Bus } from '#bus';
import type { Channel } from './channel.js';
import type { EgressPolicy, Http } from './http/index.js';
import { checkSettings, describeSettings, verifySettings } from './settings.js';

export interface SettingsAsksParts {
  bus: Bus;
  channel: Channel;
  policy: EgressPolicy;
  allowHttp: boolean;
  calls: { http: Http; origin: string };
  onError: (error: unknown) => void;
}

/** Answers what is asked of a type's settings. */
export function answerForSettings({ bus, channel, policy, allowHttp, calls, onError }: SettingsAsksParts): void {
  const check = async (input: Parameters<typeof checkSettings>[1] & { verify?: boolean }) => {
    const settings = checkSettings(channel, input, { allowHttp, policy });
    if (input.verify) await verifySettings(channel, settings.settings, calls);
    return settings;
  };
  answer(bus, `${channel.type}.settings.check`, check, onError);
  answer(bus, `${channel.type}.settings.describe`, async () => describeSettings(channel), onError);
}
