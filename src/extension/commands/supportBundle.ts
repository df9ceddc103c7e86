import { createWriteStream } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { arch, homedir, release, userInfo } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { commands, env, l10n, Uri, version, window, workspace } from 'vscode';
import { asObject } from '../../core/parse';
import type { Account } from '../account/account';
import { settingsSection } from '../account/settings';
import type { DevboxStore } from '../devboxes/devboxStore';
import { platformLogFile } from '../localPlatform/keeperState';
import type { Log } from '../messages/log';
import type { KnownSecrets } from '../session/knownSecrets';
import type { Sessions } from '../session/sessions';
import { cleanText, settingsForBundle, valuesInSettings, type Owner } from './bundleText';

/** What a bundle tells of. */
interface BundleServices {
  readonly account: Account;
  readonly store: DevboxStore;
  readonly sessions: Sessions;
  readonly knownSecrets: KnownSecrets;
  readonly environment: { readonly version: string; readonly logFolder: string; readonly localFolder: string };
  readonly log: Log;
}

/** Bytes of each log that are taken at the most, from its end. */
const mostOfEachLog = 1_000_000;

/**
 * Collects what helps to understand a fault in one zip file that the user can look through before passing it on. Keys,
 * tokens, values of variables, the home folder and users' names are taken out of everything.
 */
export async function collectSupportBundle(services: BundleServices): Promise<void> {
  const target = await window.showSaveDialog({
    title: l10n.t('Collect Support Bundle'),
    defaultUri: Uri.joinPath(Uri.file(homedir()), `runloop-support-${new Date().toISOString().slice(0, 10)}.zip`),
    filters: { Zip: ['zip'] },
  });
  if (target === undefined) return;
  const files = await contents(services);
  const secrets = [...(await secretsOf(services)), ...valuesInSettings(settingsOfAllScopes())];
  const { default: yazl } = await import('yazl');
  const zip = new yazl.ZipFile();
  for (const [name, text] of files) zip.addBuffer(Buffer.from(cleanText(text, secrets, owner())), name);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(target.fsPath, { mode: 0o600 }));
  const show = l10n.t('Show Folder');
  window
    .showInformationMessage(l10n.t('Support bundle saved to {0}. Review it before you share it.', target.fsPath), show)
    .then(
      async (chosen) => {
        if (chosen === show) await commands.executeCommand('revealFileInOS', target);
      },
      (error: unknown) => services.log.failure('Showing the support bundle', error),
    );
}

/** The settings as data, without the methods of the editor's object. */
function ownSettings(): unknown {
  return JSON.parse(JSON.stringify(workspace.getConfiguration(settingsSection)));
}

/** Also what another scope or a language overrides: it was in use before, perhaps. */
function settingsOfAllScopes(): unknown {
  const settings = workspace.getConfiguration(settingsSection);
  const own = ownSettings();
  const ofScopes = Object.keys(asObject(own) ?? {}).map((name) => ({ [name]: settings.inspect(name) }));
  return [own, JSON.parse(JSON.stringify(ofScopes))];
}

function owner(): Owner {
  const { HOME, USERPROFILE, USER, USERNAME, LOGNAME } = process.env;
  return { homes: [homedir(), HOME, USERPROFILE], names: [accountName(), USER, USERNAME, LOGNAME] };
}

function accountName(): string | undefined {
  try {
    return userInfo().username;
  } catch {
    // A user id without a name has none to hide.
    return undefined;
  }
}

/** What this window knows to be secret, whatever its form. */
async function secretsOf({
  account,
  store,
  sessions,
  knownSecrets,
}: Pick<BundleServices, 'account' | 'store' | 'sessions' | 'knownSecrets'>): Promise<string[]> {
  const current = await account.current();
  const keys = await Promise.all(
    [...new Set([...store.snapshot.keys(), ...sessions.all().map(([id]) => id)])].map((id) => knownSecrets.of(id)),
  );
  // Of devboxes that have ended, or are another account's, too.
  keys.push(await knownSecrets.all());
  const tokens = store.devboxes.map(({ tunnel }) => tunnel?.authToken);
  return [current?.apiKey, ...keys.flat(), ...tokens].filter((value) => value !== undefined);
}

async function contents({
  account,
  store,
  sessions,
  environment,
}: Pick<BundleServices, 'account' | 'store' | 'sessions' | 'environment'>): Promise<ReadonlyMap<string, string>> {
  const current = await account.current();
  const about = {
    extension: environment.version,
    editor: `${env.appName} ${version}`,
    uiKind: env.uiKind,
    remote: env.remoteName ?? 'none',
    node: process.version,
    system: `${process.platform} ${arch()} ${release()}`,
    language: env.language,
    account: current === undefined ? 'none' : { source: current.source, host: new URL(current.baseUrl).host },
    sessions: sessions.all().map(([id]) => id),
    devboxes: store.devboxes.map(({ id, status, size, createTimeMs }) => ({ id, status, size, createTimeMs })),
  };
  const files = new Map([
    ['about.json', JSON.stringify(about, undefined, 2)],
    ['settings.json', JSON.stringify(settingsForBundle(ownSettings()), undefined, 2)],
  ]);
  const logs = environment.logFolder;
  for (const name of await readdir(logs)) {
    // Devboxes' own output is theirs; the extension's log alone is ours.
    if (name === 'Runloop.log') files.set(`logs/${name}`, await tailOf(join(logs, name)));
  }
  const platformLog = platformLogFile(environment.localFolder);
  const text = await tailOf(platformLog);
  if (text !== '') files.set(`logs/${basename(platformLog)}`, text);
  return files;
}

/** The end of a log; empty if there is none. */
async function tailOf(file: string): Promise<string> {
  try {
    return (await readFile(file, 'utf8')).slice(-mostOfEachLog);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
