import { commands, EventEmitter, FileDecoration, l10n, scm, window, type SourceControl, type Uri } from 'vscode';
import { hasGit, type FileChange } from '../../../core/changes/compare';
import type { Disposable } from '../../../core/events';
import { hasEnded } from '../../../core/platform/devbox';
import { readSettings } from '../../account/settings';
import { filesScheme } from '../../commandIds';
import type { DevboxStore } from '../../devboxes/devboxStore';
import { devboxName } from '../../devboxes/devboxText';
import { escapeForEditor } from '../../messages/escapeForEditor';
import { repositoryName, type ChangeNode } from '../changeNodes';
import { lastCommitAddress } from '../changeAddress';
import { changeColour, changeKindWord, changeLetter } from '../changeText';
import type { DevboxState, LookedAt } from '../devboxLook';
import { resourceStates } from './resourceStates';

/** Repositories that are open at a time: the editor asks each provider about each file that it shows. */
const mostOpen = 3;

interface OpenControl {
  readonly devboxId: string;
  readonly top: string;
  readonly name: string;
  readonly root: Uri;
  readonly control: SourceControl;
  readonly show: (found: LookedAt | undefined) => void;
  /** What differs, by the address of the file. */
  changes: ReadonlyMap<string, FileChange>;
}

export interface SourceControlContext {
  readonly stateOf: (devboxId: string) => DevboxState | undefined;
  readonly store: Pick<DevboxStore, 'get' | 'onDidChange'>;
  /** What is looked at is another one: changes are watched for what is open. */
  readonly onOpened: () => void;
}

/** Repositories of devboxes in the editor's own Source Control view, each because somebody asked for it in this window. */
export class SourceControls implements Disposable {
  readonly #context: SourceControlContext;
  readonly #open = new Map<string, OpenControl>();
  readonly #decorated = new EventEmitter<Uri[]>();
  /** Subscriptions, made with the first repository. */
  #owned: Disposable[] = [];

  constructor(context: SourceControlContext) {
    this.#context = context;
  }

  /** Devboxes of which a repository is open while somebody may be looking at it: nothing tells whether that view is. */
  get lookedAt(): readonly string[] {
    return window.state.focused ? [...this.#open.values()].map(({ devboxId }) => devboxId) : [];
  }

  has({ devboxId, top }: { readonly devboxId: string; readonly top: string }): boolean {
    return this.#open.has(keyOf(devboxId, top));
  }

  /** Opens the repository of a row in Source Control, or shows the one that is open; a fourth one takes the place of another. */
  async open(node: ChangeNode): Promise<void> {
    const { devboxId, about } = node;
    if (about === undefined || !hasGit(about.repository.report)) return;
    const { top } = about.repository;
    const known = this.#open.get(keyOf(devboxId, top));
    if (known !== undefined) {
      const close = l10n.t('Close');
      const text = l10n.t('{0} is open in Source Control.', escapeForEditor(known.name));
      if ((await window.showInformationMessage(text, close)) === close) this.#close(known);
      return;
    }
    if (this.#open.size >= mostOpen && !(await this.#makeRoom())) return;
    // Meanwhile the account may have changed, or another click came first.
    const state = this.#context.stateOf(devboxId);
    if (state === undefined || this.has({ devboxId, top }) || this.#open.size >= mostOpen) return;
    this.#add(devboxId, top, state);
    this.#context.onOpened();
    await commands.executeCommand('workbench.view.scm');
  }

  /** What is known of a devbox is different. */
  again(devboxId: string): void {
    for (const one of [...this.#open.values()].filter((each) => each.devboxId === devboxId)) {
      one.show(this.#context.stateOf(devboxId)?.repositories.find(({ top }) => top === one.top));
    }
  }

  clear(): void {
    for (const one of [...this.#open.values()]) this.#close(one);
  }

  dispose(): void {
    this.clear();
    for (const one of this.#owned) one.dispose();
    this.#decorated.dispose();
  }

  /** Asks which one is to be closed. @returns whether one was */
  async #makeRoom(): Promise<boolean> {
    const choices = [...this.#open.values()].map((one) => ({ label: one.name, one }));
    const placeHolder = l10n.t('Up to {0} repositories can be open in Source Control. Select one to close', mostOpen);
    const chosen = await window.showQuickPick(choices, { placeHolder });
    if (chosen === undefined) return false;
    this.#close(chosen.one);
    return true;
  }

  #add(devboxId: string, top: string, state: DevboxState): void {
    this.#subscribe();
    const devbox = this.#context.store.get(devboxId);
    const name = `${repositoryName(top)} (${devbox === undefined ? devboxId : devboxName(devbox)})`;
    const control = scm.createSourceControl('runloop', name, state.root.with({ path: top }));
    const group = control.createResourceGroup('uncommitted', l10n.t('Uncommitted'));
    control.inputBox.visible = false;
    control.quickDiffProvider = { provideOriginalResource: (uri) => this.#original(devboxId, top, uri) };
    const show = (looked: LookedAt | undefined): void => {
      const all = looked !== undefined && 'found' in looked ? looked.found.groups.uncommitted : [];
      const before = [...one.changes.values()].map(({ path }) => addressOf(one, path));
      one.changes = new Map(all.map((change) => [addressOf(one, change.path).toString(), change]));
      const shown = looked !== undefined && 'found' in looked ? resourceStates(devboxId, looked.found, state.root) : [];
      group.label =
        shown.length === all.length
          ? l10n.t('Uncommitted')
          : l10n.t('Uncommitted (the first {0} of {1})', shown.length.toLocaleString(), all.length.toLocaleString());
      group.resourceStates = [...shown];
      control.count = readSettings().countsInSourceControl ? all.length : 0;
      this.#decorated.fire([...before, ...all.map(({ path }) => addressOf(one, path))]);
    };
    const one: OpenControl = { devboxId, top, name, root: state.root, control, show, changes: new Map() };
    this.#open.set(keyOf(devboxId, top), one);
    this.again(devboxId);
  }

  #subscribe(): void {
    if (this.#owned.length > 0) return;
    this.#owned = [
      window.onDidChangeWindowState(() => this.#context.onOpened()),
      this.#context.store.onDidChange(() => {
        for (const one of [...this.#open.values()]) {
          const devbox = this.#context.store.get(one.devboxId);
          if (devbox === undefined || hasEnded(devbox.status)) this.#close(one);
        }
      }),
      window.registerFileDecorationProvider({
        onDidChangeFileDecorations: this.#decorated.event,
        provideFileDecoration: (uri) => this.#decoration(uri),
      }),
    ];
  }

  #close(one: OpenControl): void {
    this.#open.delete(keyOf(one.devboxId, one.top));
    one.control.dispose();
    this.#decorated.fire([...one.changes.values()].map(({ path }) => addressOf(one, path)));
    this.#context.onOpened();
  }

  /** What the editor compares a file with, for the marks at its edge; those of git have none for what it does not track. */
  #original(devboxId: string, top: string, uri: Uri): Uri | undefined {
    const one = this.#open.get(keyOf(devboxId, top));
    if (one === undefined || uri.scheme !== filesScheme || uri.authority !== one.root.authority) return undefined;
    const prefix = top === '/' ? '/' : `${top}/`;
    if (!uri.path.startsWith(prefix)) return undefined;
    const change = one.changes.get(uri.toString());
    if (change !== undefined && change.before === undefined) return undefined;
    return lastCommitAddress(uri.authority, { devboxId, top, path: uri.path.slice(prefix.length) });
  }

  #decoration(uri: Uri): FileDecoration | undefined {
    if (uri.scheme !== filesScheme) return undefined;
    const key = uri.toString();
    for (const { changes } of this.#open.values()) {
      const kind = changes.get(key)?.kind;
      if (kind !== undefined) return new FileDecoration(changeLetter(kind), changeKindWord(kind), changeColour(kind));
    }
    return undefined;
  }
}

function keyOf(devboxId: string, top: string): string {
  return `${devboxId} ${top}`;
}

function addressOf({ root, top }: Pick<OpenControl, 'root' | 'top'>, path: string): Uri {
  return root.with({ path: `${top === '/' ? '' : top}/${path.replace(/\/$/, '')}` });
}
