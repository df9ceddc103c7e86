import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { EventEmitter, FileDecoration, l10n, window, workspace, type TextDocument, type Uri } from 'vscode';
import { hasGit } from '../../core/changes/compare';
import { notKept, type SideContent } from '../../core/changes/sides/sideContent';
import type { Disposable } from '../../core/events';
import { filesScheme } from '../commandIds';
import { timeText } from '../messages/editorsLanguage';
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
  /** In which encodings the editor has what it has open of devboxes. */
  readonly #encodings = new WeakMap<TextDocument, string>();
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
      workspace.onDidOpenTextDocument((document) => this.#follow(document)),
      workspace.onDidChangeTextDocument(({ document }) => this.#follow(document)),
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
    return content?.kind === 'bytes' && (await this.#decoded(uri, content.bytes)) !== undefined;
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
      if (content === undefined) return l10n.t('This change is no longer available. Open it again from its row.');
      const stoodFor = content.kind === 'bytes' && !side.isWork ? notKept(content.bytes) : undefined;
      if (stoodFor !== undefined) {
        const [size, time] = [stoodFor.size.toLocaleString(), timeText(stoodFor.changedMs)];
        return `${l10n.t('Not kept: only its size ({0} bytes) and its time ({1}) are known', size, time)}\n`;
      }
      const text = content.kind === 'bytes' ? await this.#decoded(uri, content.bytes) : undefined;
      return text ?? wordsFor(content);
    } catch (error) {
      // The editor compares a file with it: it keeps what it has, where words of ours would mark each line.
      if (isLastCommit(side)) throw error;
      return failureText(error);
    }
  }

  /** As the editor reads the file itself: by what somebody chose for it, else by its settings and the bytes. Undefined for no text. */
  async #decoded(uri: Uri, bytes: Buffer): Promise<string | undefined> {
    const file = this.#fileOf(uri);
    const encoding = workspace.textDocuments.find((one) => one.uri.toString() === file.toString())?.encoding ?? 'utf8';
    let text: string;
    try {
      text = await (tellsItself(encoding, bytes)
        ? workspace.decode(bytes, { uri: file })
        : workspace.decode(bytes, { encoding }));
    } catch {
      // What the editor takes for binary it reads in no encoding.
      return undefined;
    }
    return text.slice(0, toldBy).includes('\0') ? undefined : text.replace(/^\ufeff/, '');
  }

  /** The file that the editor has beside a side: where it is now, if it was moved. */
  #fileOf(uri: Uri): Uri {
    const { devboxId = '', top = '', path } = sideOf(uri) ?? {};
    const of = this.#lookOf(devboxId)?.state?.repositories.find((one) => one.top === top);
    const {
      uncommitted = [],
      sinceStart = [],
      thisTurn = [],
    } = of !== undefined && 'found' in of ? of.found.groups : {};
    const moved = [...uncommitted, ...sinceStart, ...thisTurn].find((one) => one.from === path);
    const place = moved === undefined ? uri.path : `${top === '/' ? '' : top}/${moved.path}`;
    return uri.with({ scheme: filesScheme, path: place, query: '' });
  }

  /** Has the sides of a file read anew once the editor has it in another encoding. */
  #follow(document: TextDocument): void {
    const { uri: file, encoding } = document;
    if (file.scheme !== filesScheme || (this.#encodings.get(document) ?? 'utf8') === encoding) return;
    this.#encodings.set(document, encoding);
    for (const { uri } of workspace.textDocuments) {
      if (uri.scheme === changesScheme && this.#fileOf(uri).toString() === file.toString()) this.#changed.fire(uri);
    }
  }
}

/** Whether bytes are read by themselves, whichever encoding the file beside them has: they say what they are, or nothing is known. */
function tellsItself(encoding: string, bytes: Buffer): boolean {
  if (encoding === 'utf8' || encoding === 'utf8bom') return true;
  const mark = bytes.toString('hex', 0, 3);
  if (mark === 'efbbbf' || mark.startsWith('fffe') || mark.startsWith('feff')) return true;
  return encoding.startsWith('utf16') && isUtf8(bytes) && !bytes.includes(0);
}

function isLastCommit({ id, isWork }: NonNullable<AddressedSide['side']>): boolean {
  return id === lastCommit && !isWork;
}

/** What stands for what is no text. */
function wordsFor(content: SideContent): string {
  switch (content.kind) {
    case 'bytes': {
      const { bytes } = content;
      const hash = createHash('sha256').update(bytes).digest('hex');
      // Side by side there is no room for both on one line.
      return `${l10n.t('Binary file: {0} bytes', bytes.length.toLocaleString())}\nSHA-256\n${hash}\n`;
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
