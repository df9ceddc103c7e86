import { FileSystemError, l10n, type Uri } from 'vscode';
import type { CommandOpener, DevboxCommands } from '../../core/channel/devboxCommands';
import { ExecutionCommands } from '../../core/channel/executionCommands';
import { DevboxFiles, type DevboxFilesContext } from '../../core/files/devboxFiles';
import { fileProblemOf } from '../../core/files/fileErrors';
import { apiTransfer } from '../../core/files/fileTransfer';
import { runningGuard } from '../../core/files/runningGuard';
import { onceRule } from '../../core/http/retryRules';
import { workspacePathKey } from '../../core/platform/devbox';
import { oneLine } from '../../core/safeText';
import type { SignedIn } from '../account/account';
import type { Profiles } from '../account/profiles';
import type { DevboxStore } from '../devboxes/devboxStore';
import { devboxName } from '../devboxes/devboxText';
import { accountWord, fileAddress, addressedFile, type AddressedFile } from './fileAddress';
import { DevboxNames } from './names/devboxNames';

/** The files of a devbox, and what reaches it. */
interface Reached {
  readonly files: DevboxFiles;
  readonly commands: DevboxCommands & CommandOpener;
  /** Asked before every request, so that none wakes it. */
  readonly requireRunning: DevboxFilesContext['requireRunning'];
  /** Whether it runs, as far as is known without a request. */
  readonly isRunning: () => boolean;
}

/** Where an address leads, and how. */
export interface ReachedFiles extends AddressedFile, Reached {
  /** Ends with the account of this window. */
  readonly signal: AbortSignal;
}

/** Thrown where an address is of another account than this window's; the editor is told that it is unavailable. */
export class OtherAccount extends Error {
  /** @param whose the devbox and its account, where they are known */
  constructor(whose?: string) {
    super(
      whose === undefined
        ? l10n.t('This window is not signed in to the account of this devbox. Save the file elsewhere, or sign in.')
        : l10n.t(
            'This window is not signed in to the account of this devbox ({0}). Save the file elsewhere with "File: Save As...", or sign in to that account.',
            whose,
          ),
    );
  }
}

/** What is asked of the account of this window. */
export interface FilesAccount {
  current(): Promise<SignedIn | undefined>;
  readonly profiles: Pick<Profiles, 'active'>;
}

/** The files of the devboxes of this window's account. */
export class AccountFiles {
  readonly #account: FilesAccount;
  readonly #store: Pick<DevboxStore, 'get'>;
  readonly #names = new DevboxNames();
  readonly #devboxes = new Map<string, { readonly of: SignedIn['api']; readonly reached: Reached }>();

  constructor({ account, store }: { readonly account: FilesAccount; readonly store: Pick<DevboxStore, 'get'> }) {
    this.#account = account;
    this.#store = store;
  }

  /** @throws OtherAccount; FileSystemError `FileNotFound` for an address that is none */
  async at(uri: Uri): Promise<ReachedFiles> {
    const file = addressedFile(uri);
    if (file === undefined) throw FileSystemError.FileNotFound(uri);
    const signedIn = await this.#account.current();
    if (signedIn === undefined || accountWord(signedIn) !== file.account) {
      throw this.otherAccount(uri);
    }
    this.#note(uri, file, signedIn);
    return { ...file, ...this.#reached(signedIn, file.devboxId), signal: signedIn.ended };
  }

  /** Says of whose devbox an address is. */
  otherAccount({ authority }: Uri): OtherAccount {
    return new OtherAccount(this.#names.of(authority));
  }

  dispose(): void {
    this.#names.dispose();
  }

  #note({ authority }: Uri, { devboxId }: AddressedFile, { source, baseUrl }: SignedIn): void {
    const devbox = this.#store.get(devboxId);
    if (devbox === undefined) return;
    const profile = this.#account.profiles.active()?.name;
    const named = profile === undefined ? new URL(baseUrl).host : oneLine(profile, 40);
    this.#names.note(authority, {
      devbox: devboxName(devbox),
      account: source === 'local' ? l10n.t('Local platform') : named,
    });
  }

  /** The workspace of a devbox, else its user's home. */
  async rootOf(devboxId: string, of?: SignedIn): Promise<Uri> {
    const signedIn = of ?? (await this.#account.current());
    if (signedIn === undefined) throw new OtherAccount();
    const { files } = this.#reached(signedIn, devboxId);
    const workspace = this.#store.get(devboxId)?.metadata[workspacePathKey];
    const signal = signedIn.ended;
    const isThere = workspace?.startsWith('/') === true && (await isFolder(files, workspace, signal));
    const path = isThere ? workspace : await files.home({ signal });
    return fileAddress({ account: accountWord(signedIn), devboxId, path });
  }

  #reached({ api }: SignedIn, devboxId: string): Reached {
    const known = this.#devboxes.get(devboxId);
    if (known?.of === api) return known.reached;
    const status = (): string | undefined => this.#store.get(devboxId)?.status;
    const requireRunning = runningGuard(devboxId, {
      known: status,
      retrieve: (signal) => api.devboxes.retrieve(devboxId, { signal, rule: onceRule }),
    });
    const commands = new ExecutionCommands(api, devboxId);
    const files = new DevboxFiles({ devboxId, commands, transfer: apiTransfer(api), requireRunning });
    const isRunning = (): boolean => (status() ?? 'running') === 'running';
    const reached = { files, commands, requireRunning, isRunning };
    this.#devboxes.set(devboxId, { of: api, reached });
    return reached;
  }
}

async function isFolder(files: DevboxFiles, path: string, signal: AbortSignal): Promise<boolean> {
  try {
    return (await files.stat(path, { signal })).type === 'folder';
  } catch (error) {
    if (fileProblemOf(error) === undefined) throw error;
    return false;
  }
}
