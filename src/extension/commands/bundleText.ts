import { redact } from '../../core/redact';
import { asObject } from '../../core/parse';

/** Settings, and parts of them, whose texts are words of ours, names in the account or paths: no place for a secret. */
const plainTexts = new Set([
  'action',
  'blueprint',
  'extends',
  'kind',
  'localVscodeNode',
  'localVscodeServer',
  'onIdle',
  'openVscodeIn',
  'openhandsImageTag',
  'size',
  'snapshot',
  'source',
  'tunnelAuthentication',
  'workspacePath',
]);
/** Settings that are addresses: they may have a password or a key in them, so that their hosts are told only. */
const addresses = new Set(['baseUrl', 'tunnelUrlTemplate', 'codeServerDownload']);

/** Settings for a report: names, numbers and what is of no use to others. Values of variables are never in it. */
export function settingsForBundle(settings: unknown, name = ''): unknown {
  if (typeof settings === 'string') {
    if (settings === '') return '';
    if (addresses.has(name)) return hostOf(settings);
    return plainTexts.has(name) ? settings : `[text of ${settings.length} characters]`;
  }
  if (Array.isArray(settings)) return settings.map((one: unknown) => settingsForBundle(one, name));
  const parts = asObject(settings);
  if (parts !== undefined) {
    // What is in these is somebody's own, numbers included.
    const isOwn = /env|variable|secret|header|token|key/i.test(name);
    return Object.fromEntries(
      Object.entries(parts).map(([part, value]) => [part, isOwn ? '[removed]' : settingsForBundle(value, part)]),
    );
  }
  return typeof settings === 'number' || typeof settings === 'boolean' ? settings : null;
}

function hostOf(address: string): string {
  const url = URL.canParse(address.replace(/[{}]/g, '0')) ? new URL(address.replace(/[{}]/g, '0')) : undefined;
  return url === undefined ? '[no address]' : `${url.protocol}//${url.host}/…`;
}

/** Every value of a variable in the settings: presets may be in logs too. */
export function valuesInSettings(settings: unknown, isValue = false): string[] {
  if (typeof settings === 'string') return isValue ? [settings] : [];
  if (Array.isArray(settings)) return settings.flatMap((one: unknown) => valuesInSettings(one, isValue));
  return Object.entries(asObject(settings) ?? {}).flatMap(([name, value]) =>
    valuesInSettings(value, isValue || /^env|variable/i.test(name)),
  );
}

/** Whose computer it is. */
export interface Owner {
  readonly homes: readonly (string | undefined)[];
  readonly names: readonly (string | undefined)[];
}

/** Names that say nothing about anybody. */
const anybody = new Set([
  'root',
  'user',
  'users',
  'admin',
  'administrator',
  'default',
  'public',
  'openhands',
  'vscode',
]);
const separator = '(?:[\\\\/]+|%5[Cc]|%2[Ff])';

/** A text without keys, tokens, known values, the home folder and the names of users, in the paths of all systems. */
export function cleanText(text: string, secrets: readonly string[], { homes, names }: Owner): string {
  let clean = redact(text, secrets);
  for (const home of new Set(homes)) {
    const segments = (home ?? '').split(/[\\/]+/).filter((segment) => segment !== '');
    if (home === undefined || segments.length < 2) continue;
    const lead = /^[\\/]/.test(home) ? separator : '';
    clean = clean.replace(new RegExp(`${lead}${segments.map(segmentPattern).join(separator)}(?![\\w.-])`, 'gi'), '~');
  }
  for (const name of new Set(names)) {
    if (name === undefined || name.length < 2 || anybody.has(name.toLowerCase())) continue;
    clean = clean.replace(
      new RegExp(`(?<![\\p{L}\\p{N}_])${segmentPattern(name)}(?![\\p{L}\\p{N}_])`, 'giu'),
      '[user]',
    );
  }
  // Homes of others, and of this user as other systems on this computer write them.
  return clean.replace(
    new RegExp(
      `(?<=(?:${separator})(?:home|users|documents and settings)${separator})[^\\\\/\\s"'<>|:%]+(?:%20[^\\\\/\\s"'<>|:%]+)*`,
      'gi',
    ),
    (name) => (anybody.has(name.toLowerCase()) ? name : '[user]'),
  );
}

/** A part of a path as it is, or coded as in addresses. */
function segmentPattern(segment: string): string {
  return Array.from(segment, (letter) => {
    const plain = letter.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    return /^[\w.~-]$/.test(letter) ? plain : `(?:${plain}|${encodeURIComponent(letter)})`;
  }).join('');
}
