import { workspace, type Memento } from 'vscode';
import { asStringMap } from '../../core/parse';
import { settingsSection } from './settings';

const activeKey = 'runloop.profile';

/**
 * Named accounts: each name has a base URL in the settings and a key of its own in the secret storage. Without a name
 * the window uses the address of the settings and the environment, as it does without profiles.
 */
export class Profiles {
  readonly #memory: Memento;

  /** @param memory remembers the window's choice */
  constructor(memory: Memento) {
    this.#memory = memory;
  }

  /** Base URLs by name, as the user wrote them. */
  all(): Readonly<Record<string, string>> {
    return asStringMap(workspace.getConfiguration(settingsSection).get<unknown>('profiles'));
  }

  /** The profile that this window uses; undefined for the account of settings and environment. */
  active(): { readonly name: string; readonly baseUrl: string } | undefined {
    const name = this.#memory.get<unknown>(activeKey);
    const baseUrl = typeof name === 'string' ? this.all()[name] : undefined;
    return typeof name !== 'string' || baseUrl === undefined ? undefined : { name, baseUrl };
  }

  /** Makes a profile the window's own; undefined goes back to settings and environment. */
  async choose(name: string | undefined): Promise<void> {
    await this.#memory.update(activeKey, name);
  }

  /** Writes a profile to the user's settings. */
  async add(name: string, baseUrl: string): Promise<void> {
    await workspace.getConfiguration(settingsSection).update('profiles', { ...this.all(), [name]: baseUrl }, true);
  }

  /** Takes a profile out of the user's settings. */
  async remove(name: string): Promise<void> {
    const left = Object.entries(this.all()).filter(([other]) => other !== name);
    await workspace.getConfiguration(settingsSection).update('profiles', Object.fromEntries(left), true);
  }
}
