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

/** What such a text looks like, unless it is something else. */
const plainText = /^[\w .:/\\~+-]{0,200}$/;

/** Settings for a report: names, numbers and what is of no use to others. Values of variables are never in it. */
export function settingsForBundle(settings: unknown, name = ''): unknown {
  if (typeof settings === 'string') {
    if (settings === '') return '';
    if (addresses.has(name)) return hostOf(settings);
    const isPlain = plainTexts.has(name) && plainText.test(settings) && redact(settings) === settings;
    return isPlain ? settings : `[text of ${settings.length} characters]`;
  }
  if (Array.isArray(settings)) return settings.map((one: unknown) => settingsForBundle(one, name));
  const parts = asObject(settings);
  if (parts !== undefined) {
    // Accounts by names that somebody gave them.
    if (name === 'profiles') {
      return Object.values(parts).map((address) => (typeof address === 'string' ? hostOf(address) : '[no address]'));
    }
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

/** Every value of a variable in the settings, every command and file: presets may be in logs too. */
export function valuesInSettings(settings: unknown, isValue = false): string[] {
  if (typeof settings === 'string') return isValue ? partsOf(settings) : [];
  if (Array.isArray(settings)) return settings.flatMap((one: unknown) => valuesInSettings(one, isValue));
  return Object.entries(asObject(settings) ?? {}).flatMap(([name, value]) =>
    valuesInSettings(value, isValue || /^env|variable|command|mount|content|entrypoint/i.test(name)),
  );
}

/** A text, its lines, and what is assigned in them: any of these may stand in a log. */
function partsOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const assigned = lines.flatMap((line) => /^[\s\w]*=(.*)$/.exec(line)?.[1]?.replace(/^(["'])(.*)\1$/, '$2') ?? []);
  return [...new Set([text, ...[...lines, ...assigned].filter((part) => part.length >= shortestPart)])];
}

/** Characters of a part of a value that is looked for by itself; shorter ones stand in many texts. */
const shortestPart = 6;

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
