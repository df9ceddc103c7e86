import type { Memento } from 'vscode';
import { asObject } from '../../core/parse';
import type { StartChoices } from '../../core/start/startChoices';
import { readSettings } from '../account/settings';

const key = 'runloop.lastChoices';

/** What was chosen for the last start, for the quick path. Variables and secrets are not kept. */
export class LastChoices {
  readonly #state: Memento;

  constructor(state: Memento) {
    this.#state = state;
  }

  /** The last choices, else what the settings say; settings that were changed since count more. */
  async get(): Promise<StartChoices> {
    const { parseKeptChoices } = await import('../../core/start/startChoices');
    const kept = asObject(this.#state.get<unknown>(key));
    const choices = parseKeptChoices(kept?.['choices']);
    const usual = fromSettings();
    return choices !== undefined && kept?.['settings'] === JSON.stringify(usual) ? choices : usual;
  }

  async set({ source, size, customSize, endRule, networkPolicyId }: StartChoices): Promise<void> {
    const choices = { source, size, customSize, endRule, networkPolicyId };
    await this.#state.update(key, { choices, settings: JSON.stringify(fromSettings()) });
  }
}

function fromSettings(): StartChoices {
  const settings = readSettings();
  return {
    source: { kind: 'blueprint', name: settings.blueprint },
    size: settings.size,
    endRule: { kind: 'lifetime', seconds: settings.lifetimeSeconds },
  };
}
