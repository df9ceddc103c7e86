import {
  commands,
  EventEmitter,
  FileDecoration,
  l10n,
  scm,
  window,
  workspace,
  type SourceControl,
  type Uri,
} from 'vscode';
import { hasGit, type FileChange } from '../../../core/changes/compare';
import type { Disposable } from '../../../core/events';
import { hasEnded } from '../../../core/platform/devbox';
import { readSettings, settingsSection } from '../../account/settings';
import { filesScheme } from '../../commandIds';
import type { DevboxStore } from '../../devboxes/devboxStore';
import { devboxName } from '../../devboxes/devboxText';
import { escapeForEditor } from '../../messages/escapeForEditor';
import { repositoryName, type ChangeNode } from '../changeNode';
import { lastCommitAddress } from '../changeAddress';
import { changeColour, changeKindWord, changeLetter } from '../changeText';
import type { DevboxState, LookedAt } from '../devboxLook';
import type { ReviewedFile } from '../review/reviewedFile';
import { resourceStates } from './resourceStates';

/** Repositories that are open at a time: the editor asks each provider about each file that it shows. */
const mostOpen = 3;
/** Addresses up to which the editor takes an event for what it says; of more it picks one a folder, and the others stay as they are. */
const mostTold = 250;

interface OpenControl {
  readonly devboxId: string;
  readonly top: string;
  /** For places that make icons of words. */
  readonly name: string;
  readonly root: Uri;
  readonly control: SourceControl;
  readonly show: (looked: LookedAt) => Promise<void>;
  /** What is shown, or will be; undefined where it is closed. */
  looked: LookedAt | undefined;
  /** What differs, by its path in the repository. */
  changes: ReadonlyMap<string, FileChange>;
}

export interface SourceControlContext {
  readonly stateOf: (devboxId: string) => DevboxState | undefined;
  readonly store: Pick<DevboxStore, 'get' | 'onDidChange'>;
  /** The file of a repository that a document is. */
  readonly fileOf: (uri: Uri) => ReviewedFile | undefined;
  /** Whether a side is text that an editor can show. */
  readonly isText: (uri: Uri) => Promise<boolean>;
  /** What is looked at is another one: changes are watched for what is open. */
  readonly onOpened: () => void;
  readonly fail: (error: unknown) => void;
}

/** Repositories of devboxes in the editor's own Source Control view, each because somebody asked for it in this window. */
export class SourceControls implements Disposable {
  readonly #context: SourceControlContext;
  readonly #open = new Map<string, OpenControl>();
  readonly #decorated = new EventEmitter<Uri[] | undefined>();
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
      const text = l10n.t('{0} is open in Source Control.', known.name);
      if ((await window.showInformationMessage(text, close)) === close) this.#close(known);
      return;
    }
    if (this.#open.size >= mostOpen && !(await this.#makeRoom())) return;
    // Meanwhile the account may have changed, the repository gone, or another click come first.
    const state = this.#context.stateOf(devboxId);
    if (state?.repositories.some((one) => one.top === top) !== true) return;
    if (this.has({ devboxId, top }) || this.#open.size >= mostOpen) return;
    const isShown = this.#add(devboxId, top, state);
    this.#context.onOpened();
    await isShown;
    await commands.executeCommand('workbench.view.scm');
  }

  /** What is known of a devbox is different. */
  async again(devboxId: string): Promise<void> {
    const state = this.#context.stateOf(devboxId);
    const all = [...this.#open.values()].filter((each) => each.devboxId === devboxId);
    await Promise.all(
      all.map(async (one) => {
        const looked = state?.repositories.find(({ top }) => top === one.top);
        if (looked !== undefined) await one.show(looked);
        // It is no longer in the devbox.
        else if (state !== undefined) this.#close(one);
      }),
    );
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

  async #add(devboxId: string, top: string, state: DevboxState): Promise<void> {
    this.#subscribe();
    const devbox = this.#context.store.get(devboxId);
    const name = escapeForEditor(`${repositoryName(top)} (${devbox === undefined ? devboxId : devboxName(devbox)})`);
    const control = scm.createSourceControl('runloop', name, state.root.with({ path: top }));
    const group = control.createResourceGroup('uncommitted', l10n.t('Uncommitted'));
    control.inputBox.visible = false;
    control.quickDiffProvider = { provideOriginalResource: (uri) => this.#original(devboxId, top, uri) };
    const show = async (looked: LookedAt): Promise<void> => {
      one.looked = looked;
      const before = one.changes;
      const all = 'found' in looked ? looked.found.groups.uncommitted : [];
      one.changes = new Map(all.map((change) => [change.path.replace(/\/$/, ''), change]));
      control.count = countOf(one);
      this.#redecorate(one, before);
      const states = 'found' in looked ? await resourceStates(devboxId, looked.found, state.root) : [];
      // Closed, or looked at again by now.
      if (one.looked !== looked) return;
      group.label = groupLabel(looked, states.length);
      group.resourceStates = states;
    };
    const one: OpenControl = {
      devboxId,
      top,
      name,
      root: state.root,
      control,
      show,
      looked: undefined,
      changes: new Map(),
    };
    this.#open.set(keyOf(devboxId, top), one);
    await this.again(devboxId);
  }

  #subscribe(): void {
    if (this.#owned.length > 0) return;
    this.#owned = [
      workspace.onDidChangeConfiguration((event) => {
        if (!event.affectsConfiguration(settingsSection)) return;
        for (const one of this.#open.values()) one.control.count = countOf(one);
      }),
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
    const key = keyOf(one.devboxId, one.top);
    // A question may be answered long after: the same repository may be open anew.
    if (this.#open.get(key) !== one) return;
    this.#open.delete(key);
    one.looked = undefined;
    one.control.dispose();
    const before = one.changes;
    one.changes = new Map();
    this.#redecorate(one, before);
    this.#context.onOpened();
  }

  /** Has the editor ask again about files that have another letter than before. */
  #redecorate(one: OpenControl, before: OpenControl['changes']): void {
    const paths = new Set([...before.keys(), ...one.changes.keys()]);
    const others = [...paths].filter((path) => before.get(path)?.kind !== one.changes.get(path)?.kind);
    if (others.length > 0) {
      this.#decorated.fire(others.length > mostTold ? undefined : others.map((path) => addressOf(one, path)));
    }
  }

  /** What the editor compares a file with, for the marks at its edge; those of git have none for what it does not track. */
  async #original(devboxId: string, top: string, uri: Uri): Promise<Uri | undefined> {
    const file = uri.scheme === filesScheme ? this.#context.fileOf(uri) : undefined;
    const changes = this.#open.get(keyOf(devboxId, top))?.changes;
    // What is in a repository within this one is compared by that one.
    if (changes === undefined || file?.devboxId !== devboxId || file.top !== top) return undefined;
    const change = changes.get(file.path);
    if (change !== undefined && change.before === undefined) return undefined;
    const original = lastCommitAddress(uri.authority, file);
    try {
      // Of a link and what is too large there are words of ours, which each line would differ from.
      return (await this.#context.isText(original)) ? original : undefined;
    } catch (error) {
      this.#context.fail(error);
      return undefined;
    }
  }

  #decoration(uri: Uri): FileDecoration | undefined {
    if (uri.scheme !== filesScheme) return undefined;
    for (const { root, top, changes } of this.#open.values()) {
      const prefix = top === '/' ? '/' : `${top}/`;
      if (uri.authority !== root.authority || !uri.path.startsWith(prefix)) continue;
      const kind = changes.get(uri.path.slice(prefix.length))?.kind;
      if (kind !== undefined) return new FileDecoration(changeLetter(kind), changeKindWord(kind), changeColour(kind));
    }
    return undefined;
  }
}

function groupLabel(looked: LookedAt, shown: number): string {
  if (!('found' in looked)) return l10n.t('Changes could not be read');
  const all = looked.found.groups.uncommitted.length;
  if (shown === all) return l10n.t('Uncommitted');
  return l10n.t('Uncommitted (the first {0} of {1})', shown.toLocaleString(), all.toLocaleString());
}

function countOf({ changes }: OpenControl): number {
  return readSettings().countsInSourceControl ? changes.size : 0;
}

function keyOf(devboxId: string, top: string): string {
  return `${devboxId} ${top}`;
}

function addressOf({ root, top }: Pick<OpenControl, 'root' | 'top'>, path: string): Uri {
  return root.with({ path: `${top === '/' ? '' : top}/${path}` });
}
