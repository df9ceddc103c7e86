import { createHash } from 'node:crypto';
import { Uri } from 'vscode';
import type { FoundAccount } from '../account/findKey';
import { filesScheme } from '../commandIds';

/** What an address of a file names. */
export interface AddressedFile {
  /** Tells accounts apart. */
  readonly account: string;
  readonly devboxId: string;
  /** Absolute, as `core/files/pathText` writes it. */
  readonly path: string;
}

/** A word for an account, so that no address leads to a devbox of another one. Too short to tell anything of its key. */
export function accountWord({ baseUrl, apiKey }: Pick<FoundAccount, 'baseUrl' | 'apiKey'>): string {
  return createHash('sha256').update(`${baseUrl}\n${apiKey}`).digest('hex').slice(0, 8);
}

/** The address of a file. */
export function fileAddress({ account, devboxId, path }: AddressedFile): Uri {
  // The editor writes authorities in small letters; ids of devboxes have both.
  const id = devboxId.replace(/[^a-z0-9_]/g, (character) =>
    /[A-Z]/.test(character) ? `-${character.toLowerCase()}` : `-0${character.charCodeAt(0).toString(16)}-`,
  );
  return Uri.from({ scheme: filesScheme, authority: `${id}.${account}`, path });
}

/** What an address names; undefined if it is none of ours. */
export function addressedFile(uri: Uri): AddressedFile | undefined {
  const [, id, account] = /^([\w-]+)\.([0-9a-f]{8})$/.exec(uri.authority.toLowerCase()) ?? [];
  if (uri.scheme !== filesScheme || id === undefined || account === undefined) return undefined;
  const devboxId = id.replace(
    /-0([0-9a-f]+)-|-([a-z])/g,
    (_all, code: string | undefined, letter: string | undefined) =>
      code === undefined ? (letter ?? '').toUpperCase() : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return { account, devboxId, path: uri.path === '' ? '/' : uri.path };
}

/** The address of what is in a folder. Names are not read as parts of a path. */
export function childAddress(folder: Uri, name: string): Uri {
  return folder.with({ path: `${folder.path.replace(/\/$/, '')}/${name}` });
}

/** Gives the addresses of what is in a folder as text: of thousands of names, quicker than by making each address. */
export function childKeys(folder: Uri): (name: string) => string {
  const before = childAddress(folder, '').toString();
  return (name) =>
    /^[\w.~ -]+$/.test(name) ? before + name.replaceAll(' ', '%20') : childAddress(folder, name).toString();
}

/** The address of the folder that something is in. */
export function parentAddress(uri: Uri): Uri {
  return uri.with({ path: uri.path.slice(0, uri.path.lastIndexOf('/')) || '/' });
}

/** The last name of an address. */
export function nameOf(uri: Uri): string {
  return uri.path.slice(uri.path.lastIndexOf('/') + 1);
}
