import { FileSystemError, l10n, type Uri } from 'vscode';
import { DevboxFiles } from '../../core/files/devboxFiles';
import { ExecutionCommands } from '../../core/files/executionCommands';
import { apiTransfer } from '../../core/files/fileTransfer';
import { runningGuard } from '../../core/files/runningGuard';
import { onceRule } from '../../core/http/retryRules';
import type { SignedIn } from '../account/account';
import type { DevboxStore } from '../devboxes/devboxStore';
import { accountWord, placeOf, type FilePlace } from './fileAddress';

/** Where an address leads, and how. */
export interface ReachedFiles extends FilePlace {
  readonly files: DevboxFiles;
  /** Ends with the account of this window. */
  readonly signal: AbortSignal;
}

/** Thrown where an address is of another account than this window's; the editor is told that it is unavailable. */
export class OtherAccount extends Error {}

/** The files of the devboxes of this window's account. */
export class AccountFiles {
  readonly #account: { current(): Promise<SignedIn | undefined> };
  readonly #store: Pick<DevboxStore, 'get'>;
  readonly #devboxes = new Map<string, { readonly of: SignedIn['api']; readonly files: DevboxFiles }>();

  constructor({
    account,
    store,
  }: {
    readonly account: { current(): Promise<SignedIn | undefined> };
    readonly store: Pick<DevboxStore, 'get'>;
  }) {
    this.#account = account;
    this.#store = store;
  }

  /** @throws OtherAccount; FileSystemError `FileNotFound` for an address that is none */
  async at(uri: Uri): Promise<ReachedFiles> {
    const place = placeOf(uri);
    if (place === undefined) throw FileSystemError.FileNotFound(uri);
    const signedIn = await this.#account.current();
    if (signedIn === undefined || accountWord(signedIn) !== place.account) {
      throw new OtherAccount(
        l10n.t('This window is not signed in to the account of this devbox. Save the file elsewhere, or sign in.'),
      );
    }
    return { ...place, files: this.#filesOf(signedIn, place.devboxId), signal: signedIn.ended };
  }

  #filesOf({ api }: SignedIn, devboxId: string): DevboxFiles {
    const known = this.#devboxes.get(devboxId);
    if (known?.of === api) return known.files;
    const requireRunning = runningGuard(devboxId, {
      known: () => this.#store.get(devboxId)?.status,
      retrieve: (signal) => api.retrieve(devboxId, { signal, rule: onceRule }),
    });
    const commands = new ExecutionCommands(api, devboxId);
    const files = new DevboxFiles({ devboxId, commands, transfer: apiTransfer(api), requireRunning });
    this.#devboxes.set(devboxId, { of: api, files });
    return files;
  }
}
