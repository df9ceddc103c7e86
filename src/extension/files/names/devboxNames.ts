import { EventEmitter, FileDecoration, l10n, window, type Uri } from 'vscode';
import type { Disposable } from '../../../core/events';
import { asObject } from '../../../core/parse';
import { filesScheme } from '../../commandIds';

/** What an authority of addresses stands for, as a person knows it. */
interface Named {
  readonly devbox: string;
  readonly account: string;
}

/**
 * Which devbox, of which account, files are of: addresses have ids only. The editor says it where it tells of a file, and, where
 * tabs of several devboxes are open, marks each with letters.
 */
export class DevboxNames implements Disposable {
  readonly #named = new Map<string, Named>();
  readonly #changed = new EventEmitter<undefined>();
  readonly #owned: readonly Disposable[];
  #open = openAuthorities().join(' ');

  constructor() {
    this.#owned = [
      this.#changed,
      window.registerFileDecorationProvider({
        onDidChangeFileDecorations: this.#changed.event,
        provideFileDecoration: (uri) => this.#decoration(uri),
      }),
      window.tabGroups.onDidChangeTabs(() => this.#look()),
    ];
  }

  /** Takes in what an address stands for; it is known as long as this window is there. */
  note(authority: string, named: Named): void {
    const before = this.#named.get(authority);
    if (before?.devbox === named.devbox && before.account === named.account) return;
    this.#named.set(authority, named);
    this.#changed.fire(undefined);
  }

  /** The devbox of an address with its account; undefined if this window has not seen it. */
  of(authority: string): string | undefined {
    const named = this.#named.get(authority);
    return named === undefined ? undefined : l10n.t('{0}, account {1}', named.devbox, named.account);
  }

  dispose(): void {
    for (const one of this.#owned) one.dispose();
  }

  #look(): void {
    const open = openAuthorities().join(' ');
    if (open === this.#open) return;
    this.#open = open;
    this.#changed.fire(undefined);
  }

  #decoration({ scheme, authority }: Uri): FileDecoration | undefined {
    const named = scheme === filesScheme ? this.#named.get(authority) : undefined;
    if (named === undefined) return undefined;
    return new FileDecoration(this.#letters(authority, named), l10n.t('Devbox {0}', named.devbox));
  }

  /** The first letters of its name's first and last word; where another has the same, one of them and a number. */
  #letters(authority: string, { devbox }: Named): string | undefined {
    const open = openAuthorities();
    if (open.length < 2 || !open.includes(authority)) return undefined;
    const own = initials(devbox);
    const same = open.filter((other) => initials(this.#named.get(other)?.devbox ?? '') === own);
    if (own !== '' && same.length === 1) return own;
    return `${Array.from(own)[0] ?? ''}${(same.indexOf(authority) + 1) % 10}`;
  }
}

/** Of all that has a tab, in the same order every time. */
function openAuthorities(): readonly string[] {
  const tabs = window.tabGroups.all.flatMap((group) => group.tabs);
  const uris = tabs.map(({ input }) => asObject(asObject(input)?.['uri']));
  const ours = uris.flatMap((uri) => (uri?.['scheme'] === filesScheme ? [String(uri['authority'])] : []));
  return [...new Set(ours)].sort((one, other) => one.localeCompare(other));
}

function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map(
    (word) => Array.from(word ?? '')[0] ?? '',
  );
  return letters.join('').toUpperCase().slice(0, 2);
}
