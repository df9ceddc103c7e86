import { createHash } from 'node:crypto';
import { EventEmitter, FileDecoration, l10n, window, workspace, type Uri } from 'vscode';
import { hasGit } from '../../core/changes/compare';
import type { SideContent } from '../../core/changes/devboxChanges';
import type { Disposable } from '../../core/events';
import { failureText } from '../messages/showFailure';
import { changesScheme, lastCommit, sideOf, type AddressedSide } from './changeAddress';
import { changeColour, changeKindWord, changeLetter } from './changeText';
import type { DevboxLook } from './devboxLook';

/** Bytes up to which a side is shown. */
const mostBytes = 5 * 1024 * 1024;
/** Bytes at its beginning by which git tells binary files. */
const toldBy = 8_000;

/** The read-only documents of both sides of changes, and the letters and colours of their rows. */
export class ChangeDocuments implements Disposable {
  readonly #lookOf: (devboxId: string) => DevboxLook | undefined;
  readonly #changed = new EventEmitter<Uri>();
  readonly #owned: readonly Disposable[];

  /** @param lookOf what reads a devbox, if it was looked at in this account */
  constructor(lookOf: (devboxId: string) => DevboxLook | undefined) {
    this.#lookOf = lookOf;
    this.#owned = [
      this.#changed,
      workspace.registerTextDocumentContentProvider(changesScheme, {
        onDidChange: this.#changed.event,
        provideTextDocumentContent: (uri) => this.#text(uri),
      }),
      window.registerFileDecorationProvider({ provideFileDecoration: (uri) => decoration(uri) }),
    ];
  }

  /** What is on a side; undefined where it is not known any more. */
  async content(uri: Uri): Promise<SideContent | undefined> {
    const change = sideOf(uri);
    if (change?.side === undefined) return undefined;
    const { devboxId, top, path, side } = change;
    const look = this.#lookOf(devboxId);
    const of = look?.state?.repositories.find((one) => one.top === top);
    if (look?.state?.root.authority !== uri.authority || of === undefined) return undefined;
    if (isLastCommit(side)) return this.original({ devboxId, top, path });
    if (!('found' in of)) return undefined;
    return look.changes.content(of.found, { path, side }, { most: mostBytes, signal: look.signal });
  }

  /** What the last commit has of a file: what is in the folder, if nothing differs as of the last look. */
  async original({
    devboxId,
    top,
    path,
  }: Pick<AddressedSide, 'devboxId' | 'top' | 'path'>): Promise<SideContent | undefined> {
    const look = this.#lookOf(devboxId);
    const of = look?.state?.repositories.find((one) => one.top === top);
    if (look === undefined || of === undefined) return undefined;
    if (!('found' in of)) throw of.failure;
    if (!hasGit(of.found.report)) return undefined;
    const change = of.found.groups.uncommitted.find((one) => one.path === path);
    const side = change === undefined ? { mode: '100644', id: '', isWork: true } : change.before;
    if (side === undefined) return { kind: 'missing' };
    const asked = { path: change?.from ?? path, side };
    return look.changes.content(of.found, asked, { most: mostBytes, signal: look.signal });
  }

  /** Whether a side is text that an editor can show. */
  async isText(uri: Uri): Promise<boolean> {
    const content = await this.content(uri);
    return content?.kind === 'bytes' && !isBinary(content.bytes);
  }

  /** Tells the editor to read anew what is open of a devbox's folders. */
  tell(devboxId: string): void {
    for (const { uri } of workspace.textDocuments) {
      const { devboxId: of, side } = sideOf(uri) ?? {};
      if (of === devboxId && (side?.isWork === true || side?.id === lastCommit)) this.#changed.fire(uri);
    }
  }

  dispose(): void {
    for (const one of this.#owned) one.dispose();
  }

  async #text(uri: Uri): Promise<string> {
    const side = sideOf(uri)?.side;
    if (side === undefined) return '';
    try {
      const content = await this.content(uri);
      return content === undefined
        ? l10n.t('This change is no longer available. Open it again from its row.')
        : textOf(content);
    } catch (error) {
      // The editor compares a file with it: it keeps what it has, where words of ours would mark each line.
      if (isLastCommit(side)) throw error;
      return failureText(error);
    }
  }
}

function isLastCommit({ id, isWork }: NonNullable<AddressedSide['side']>): boolean {
  return id === lastCommit && !isWork;
}

function textOf(content: SideContent): string {
  switch (content.kind) {
    case 'bytes': {
      const { bytes } = content;
      if (!isBinary(bytes)) return bytes.toString('utf8');
      const hash = createHash('sha256').update(bytes).digest('hex');
      return `${l10n.t('Binary file: {0} bytes, SHA-256 {1}', bytes.length.toLocaleString(), hash)}\n`;
    }
    case 'link':
      return `${l10n.t('Link to {0}', content.bytes.toString('utf8'))}\n`;
    case 'commit':
      return `${l10n.t('Commit {0}', content.id)}\n`;
    case 'large':
      return `${l10n.t('Too large to be shown: {0} bytes', content.size.toLocaleString())}\n`;
    case 'special':
      return `${l10n.t('A device, pipe or socket')}\n`;
    case 'denied':
      return `${l10n.t('The user of the devbox has no permission to read this.')}\n`;
    case 'missing':
      return `${l10n.t('This is no longer in the devbox.')}\n`;
  }
}

/** Whether git takes it for binary. */
export function isBinary(bytes: Buffer): boolean {
  return bytes.subarray(0, toldBy).includes(0);
}

/** The letter and the colour of a row. */
function decoration(uri: Uri): FileDecoration | undefined {
  const change = uri.scheme === changesScheme && uri.authority === 'row' ? sideOf(uri) : undefined;
  if (change === undefined) return undefined;
  return new FileDecoration(changeLetter(change.kind), changeKindWord(change.kind), changeColour(change.kind));
}
