import { l10n, StatusBarAlignment, ThemeColor, window, type StatusBarItem } from 'vscode';
import { oneLine } from '../../core/safeText';
import type { Disposable } from '../../core/events';
import type { CommandId } from '../commandIds';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxLabel, spentText } from '../devboxes/devboxText';
import type { DevboxUse } from '../devboxes/devboxUse';
import type { SessionHealth } from './sessionHealth';
import type { Sessions } from './sessions';
import { clockText } from '../messages/editorsLanguage';

const actionsCommand: CommandId = 'runloop.sessionActions';

/** The window's current session in the status bar; nothing while there is none. A click offers its actions. */
export class SessionStatusItem implements Disposable {
  readonly #sessions: Sessions;
  readonly #store: DevboxStore;
  readonly #health: SessionHealth;
  readonly #use: DevboxUse;
  readonly #subscriptions: Disposable[];
  #item: StatusBarItem | undefined;

  constructor(
    { sessions, store }: { readonly sessions: Sessions; readonly store: DevboxStore },
    health: SessionHealth,
    use: DevboxUse,
  ) {
    this.#sessions = sessions;
    this.#store = store;
    this.#health = health;
    this.#use = use;
    const show = (): void => this.#show();
    this.#subscriptions = [sessions, store, health, use].map((source) => source.onDidChange(show));
    show();
  }

  dispose(): void {
    for (const subscription of this.#subscriptions) subscription.dispose();
    this.#item?.dispose();
  }

  #show(): void {
    const all = this.#sessions.all();
    const current = all.at(-1);
    if (current === undefined) {
      this.#item?.hide();
      return;
    }
    this.#item ??= window.createStatusBarItem('runloop.session', StatusBarAlignment.Left, 10);
    const [id, runtime] = current;
    const devbox = this.#store.get(id) ?? runtime.devbox;
    // "$(" would be drawn as an icon.
    const name = (devbox === undefined ? oneLine(id, 16) : devboxLabel(devbox)).replaceAll('$(', '$ (');
    const health = this.#sessions.healthOf(id);
    const unreachable = health === 'unreachable';
    const server = unreachable
      ? l10n.t('its action server is not responding')
      : health === 'answers'
        ? l10n.t('its action server is responding')
        : health === 'runs'
          ? l10n.t('it is running; its action server is not checked, as that would count as use')
          : l10n.t('it is running');
    const toldAt = this.#use.toldAt(id);
    const more = all.length > 1 ? ` +${all.length - 1}` : '';
    const dollars = this.#health.spentOf(id);
    const spend = dollars === undefined ? undefined : l10n.t('est. {0}', spentText(dollars));
    const item = this.#item;
    item.name = l10n.t('Runloop: Session');
    item.text = `$(${unreachable ? 'warning' : 'vm-active'}) ${name}${more}${spend === undefined ? '' : ` · ${spend}`}`;
    item.tooltip = [
      l10n.t('Attached to the Runloop devbox {0}: {1}.', name, server),
      ...(dollars === undefined ? [] : [l10n.t('Estimated cost so far: {0}', spentText(dollars))]),
      ...(toldAt === undefined
        ? []
        : [l10n.t('Kept alive while you use it. Idle time last reset: {0}.', clockText(toldAt))]),
      ...(all.length > 1 ? [l10n.t('Sessions of this window: {0}', all.length)] : []),
      l10n.t('Click to show its actions.'),
    ].join('\n');
    const spoken = l10n.t('Runloop session {0}, {1}', name, server);
    item.accessibilityInformation = { label: spend === undefined ? spoken : `${spoken}, ${spend}`, role: 'button' };
    item.backgroundColor = unreachable ? new ThemeColor('statusBarItem.warningBackground') : undefined;
    item.command = actionsCommand;
    item.show();
  }
}
