import { l10n, Uri } from 'vscode';
import type { StreamEvent } from '../../core/actionServer/eventStream';
import type { Disposable } from '../../core/events';
import { safeLines } from '../../core/logs/safeLines';
import type { Devbox } from '../../core/platform/devbox';
import { oneLine } from '../../core/safeText';
import type { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import { LineRedactor } from '../../core/secrets/lineRedactor';
import { devboxName } from '../devboxes/devboxText';
import type { KnownSecrets } from '../session/knownSecrets';
import { eventText } from './eventText';

export const agentScheme = 'runloop-agent';

/** Characters that the document keeps; the oldest go first. */
const keptCharacters = 1_000_000;

/** An action with what came of it, or a status by itself. */
interface Group {
  readonly lines: string[];
  characters: number;
  isOpen: boolean;
}

/** The event stream of one devbox as a document: the newest action first, with what came of it. */
export class EventDocument implements Disposable {
  readonly uri: Uri;
  readonly #devbox: Devbox;
  readonly #redactor: LineRedactor;
  readonly #onChange: () => void;
  readonly #groups = new Map<string, Group>();
  readonly #secrets: Disposable;
  #listening: Disposable | undefined;
  #runtime: RunloopRuntime | undefined;
  #connections = 0;
  #dropped = 0;

  /** @param known what must not be shown of the devbox, as far as it is known by now */
  constructor(devbox: Devbox, known: readonly string[], knownSecrets: KnownSecrets, onChange: () => void) {
    this.#devbox = devbox;
    this.#onChange = onChange;
    this.#redactor = new LineRedactor(known);
    this.#secrets = knownSecrets.onDidAddOf(devbox.id, (values) => this.#redactor.add(values));
    const name = oneLine(devboxName(devbox), 40).replaceAll('/', '∕');
    this.uri = Uri.from({ scheme: agentScheme, path: `/${l10n.t('Agent Actions: {0}', name)}`, query: devbox.id });
  }

  /** Shows what a runtime of the devbox has done and does; it replaces one that was before. */
  follow(runtime: RunloopRuntime): void {
    if (runtime === this.#runtime) return;
    this.#listening?.dispose();
    this.#runtime = runtime;
    this.#connections += 1;
    // What the earlier one was asked for is answered to nobody.
    for (const group of this.#groups.values()) group.isOpen = false;
    this.#listening = runtime.stream.on((event) => this.#add(event), 0);
  }

  /** The document as it is now. */
  text(): string {
    const { name, id } = { name: devboxName(this.#devbox), id: oneLine(this.#devbox.id, 60) };
    const head = l10n.t('Event stream of {0} ({1}), newest first', oneLine(name, 60), id);
    const groups = [...this.#groups.values()].reverse().map(({ lines, isOpen }) => {
      const waiting = isOpen ? ['', l10n.t('Waiting for the observation…')] : [];
      return [...lines, ...waiting].join('\n');
    });
    const gap = this.#dropped === 0 ? [] : [l10n.t('Earlier events that are no longer shown: {0}', this.#dropped)];
    return `${[head, ...groups, ...gap].join('\n\n')}\n`;
  }

  dispose(): void {
    this.#listening?.dispose();
    this.#secrets.dispose();
  }

  #add(event: StreamEvent): void {
    const cause = event.kind === 'action' ? undefined : event.cause;
    const key = (id: number): string => `${String(this.#connections)}.${String(id)}`;
    const known = cause === undefined ? undefined : this.#groups.get(key(cause));
    const group = known ?? { lines: [], characters: 0, isOpen: false };
    group.isOpen = event.kind === 'action';
    const { head, body } = eventText(event);
    const source = key(event.id);
    const [shownHead = ''] = safeLines(head, this.#redactor, `${source} head`);
    // The bar tells what came from elsewhere: no text can look like a line of ours.
    const shown = body === '' ? [] : safeLines(body, this.#redactor, source).map((line) => `│ ${line}`);
    const lines = [`── ${shownHead}`, ...shown];
    group.lines.push(...lines);
    group.characters += lines.reduce((sum, line) => sum + line.length + 1, 0);
    if (known === undefined) this.#groups.set(source, group);
    this.#forgetOld();
    this.#onChange();
  }

  #forgetOld(): void {
    let sum = 0;
    for (const { characters } of this.#groups.values()) sum += characters;
    for (const [key, { characters }] of this.#groups) {
      if (sum <= keptCharacters || this.#groups.size === 1) return;
      this.#groups.delete(key);
      this.#dropped += 1;
      sum -= characters;
    }
  }
}
