import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { asArray, asObject, asString, asStringMap } from '../../../src/core/parse';
import { commandIds, contextKeys } from '../../../src/extension/commandIds';
import { problemTexts } from './messages/problemTexts';

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8')) as unknown;
}

const manifestText = readFileSync('package.json', 'utf8');
const contributes = asObject(asObject(readJson('package.json'))?.['contributes']) ?? {};

/** Every key given to `l10n.t` in the product. */
function usedTexts(): Set<string> {
  const texts = new Set<string>();
  for (const name of readdirSync('src', { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts')) continue;
    for (const match of readFileSync(`src/${name}`, 'utf8').matchAll(/l10n\.t\(\s*(['"])((?:(?!\1)[^\\]|\\.)*)\1/g)) {
      texts.add((match[2] ?? '').replaceAll("\\'", "'").replaceAll('\\n', '\n'));
    }
  }
  // Problems are told by their tables.
  for (const text of problemTexts()) texts.add(text);
  return texts;
}

describe('the manifest', () => {
  it('contributes exactly the commands that are registered, but for what only a click on a row calls', () => {
    const contributed = asArray(contributes['commands']).map((command) => asString(asObject(command)?.['command']));
    assert.deepEqual([...contributed, 'runloop.loadMoreDevboxes'].sort(), [...commandIds].sort());
  });

  it('offers the local platform only where it can run', () => {
    const clause = /!runloop\.noLocalPlatform/;
    const palette = asArray(asObject(contributes['menus'])?.['commandPalette']).map(asObject);
    const item = palette.find((one) => one?.['command'] === 'runloop.tryLocally');
    assert.match(asString(item?.['when']) ?? '', clause);
    const texts = asStringMap(readJson('package.nls.json'));
    const offering = (text: unknown): boolean =>
      (texts[(asString(text) ?? '').replaceAll('%', '')] ?? '').includes('command:runloop.tryLocally');
    const welcomes = asArray(contributes['viewsWelcome']).map(asObject);
    const steps = asArray(contributes['walkthroughs']).flatMap((one) =>
      asArray(asObject(one)?.['steps']).map(asObject),
    );
    const offers = [
      ...welcomes.filter((one) => offering(one?.['contents'])),
      ...steps.filter((one) => offering(one?.['description'])),
    ];
    assert.equal(offers.length, 2);
    for (const one of offers) assert.match(asString(one?.['when']) ?? '', clause);
  });

  it('has one button in each welcome text at the most, as all of them look like the one to press (U20)', () => {
    for (const path of ['package.nls.json', 'package.nls.zh-cn.json']) {
      const texts = asStringMap(readJson(path));
      const welcomes = Object.entries(texts).flatMap(([name, text]) => (name.startsWith('welcome.') ? [text] : []));
      const buttons = (text: string): number =>
        text.split('\n').filter((line) => /^\[[^\]]*\]\([^)]*\)$/.test(line)).length;
      // Somebody signed out reads two of them, somebody with a key of the environment as well.
      const [signedOut = '', tryLocally = '', empty = '', environment = ''] = welcomes;
      assert.deepEqual([buttons(signedOut + '\n' + tryLocally), buttons(empty + '\n' + environment)], [1, 1], path);
    }
  });

  it('ticks a step of the walkthrough by what has happened, never by a command that was only called (U20)', () => {
    const steps = asArray(contributes['walkthroughs']).flatMap((one) => asArray(asObject(one)?.['steps']));
    const events = steps.flatMap((step) => asArray(asObject(step)?.['completionEvents'])).map(asString);
    assert.equal(events.length, 5);
    const known = new Set<string>(Object.values(contextKeys));
    for (const event of events) assert.ok(known.has(event?.replace(/^onContext:/, '') ?? ''), event);
  });

  it('names only contributed commands in menus and welcome texts', () => {
    const known = new Set<string>(commandIds);
    for (const items of Object.values(asObject(contributes['menus']) ?? {})) {
      for (const item of asArray(items).map(asObject)) {
        assert.ok(known.has(asString(item?.['command']) ?? '') || asString(item?.['submenu']) !== undefined);
      }
    }
    for (const path of ['package.nls.json', 'package.nls.zh-cn.json']) {
      for (const match of readFileSync(path, 'utf8').matchAll(/command:([\w.]+)/g)) {
        assert.ok(known.has(match[1] ?? ''));
      }
    }
  });

  it('lets no workspace redirect the key: every setting is application-scoped', () => {
    const properties = asObject(asObject(contributes['configuration'])?.['properties']) ?? {};
    assert.ok(Object.keys(properties).length > 0);
    for (const [name, setting] of Object.entries(properties)) {
      assert.equal(asObject(setting)?.['scope'], 'application', name);
    }
  });

  it('has what the Marketplace and Open VSX show: an icon of 256 pixels, addresses, categories, keywords, a banner', () => {
    const manifest = asObject(readJson('package.json')) ?? {};
    const icon = readFileSync(asString(manifest['icon']) ?? '');
    assert.equal(icon.subarray(1, 4).toString(), 'PNG');
    assert.deepEqual([icon.readUInt32BE(16), icon.readUInt32BE(20)], [256, 256]);
    for (const name of ['displayName', 'description', 'publisher', 'license', 'homepage', 'pricing']) {
      assert.ok((asString(manifest[name]) ?? '') !== '', name);
    }
    for (const name of ['repository', 'bugs']) {
      assert.match(asString(asObject(manifest[name])?.['url']) ?? '', /^https:\/\//, name);
    }
    const banner = asObject(manifest['galleryBanner']);
    assert.match(asString(banner?.['color']) ?? '', /^#[0-9a-f]{6}$/i);
    const categories = [
      'AI',
      'Chat',
      'Debuggers',
      'Machine Learning',
      'Other',
      'SCM Providers',
      'Testing',
      'Visualization',
    ];
    for (const category of asArray(manifest['categories'])) assert.ok(categories.includes(asString(category) ?? ''));
    const keywords = asArray(manifest['keywords']);
    assert.ok(keywords.length > 0 && keywords.length <= 30);
    assert.ok(keywords.every((word) => (asString(word) ?? '').length <= 50));
    const shipped = readFileSync('.vscodeignore', 'utf8').split('\n');
    for (const name of ['README.md', 'CHANGELOG.md', 'SUPPORT.md', 'LICENSE']) {
      assert.ok(readFileSync(name, 'utf8').length > 0 && shipped.includes(`!${name}`), name);
    }
  });

  it('ships the licences of the packages that are in its bundles', () => {
    const notices = readFileSync('dist/THIRD_PARTY_NOTICES.txt', 'utf8');
    const parts = notices.split(/\n\n-{80}\n\n/).slice(1);
    for (const name of ['@runloop/api-client', 'p-retry', 'ssh2', 'zod', 'node-sqlite3-wasm']) {
      const part = parts.find((text) => text.startsWith(`${name} `)) ?? '';
      assert.match(part, /^\S+ \d+\.\d+\.\d+\S* \(\S.*\)\n\n[^]*(?:copyright|permission|license)/i, name);
    }
  });

  it('shows pictures that are there, and no SVG in the README: the Marketplace refuses them', () => {
    for (const [, path = ''] of readFileSync('README.md', 'utf8').matchAll(/!\[[^\]]*\]\(([^)]+)\)/g)) {
      assert.match(path, /\.png$/);
      assert.ok(readFileSync(path).length > 0);
    }
  });

  it('runs where the user is or where the workspace is, in folders that are not trusted and those that are no files', () => {
    const manifest = asObject(readJson('package.json')) ?? {};
    assert.deepEqual(manifest['extensionKind'], ['ui', 'workspace']);
    const capabilities = asObject(manifest['capabilities']);
    assert.equal(asObject(capabilities?.['untrustedWorkspaces'])?.['supported'], 'limited');
    assert.equal(capabilities?.['virtualWorkspaces'], true);
  });

  it('has every text in English and Simplified Chinese', () => {
    const english = asStringMap(readJson('package.nls.json'));
    const chinese = asStringMap(readJson('package.nls.zh-cn.json'));
    const used = [...manifestText.matchAll(/"%([\w.]+)%"/g)].map((match) => match[1] ?? '');
    assert.deepEqual([...new Set(used)].sort(), Object.keys(english).sort());
    assert.deepEqual(Object.keys(chinese).sort(), Object.keys(english).sort());
    const bundle = asStringMap(readJson('media/l10n/bundle.l10n.zh-cn.json'));
    assert.deepEqual(Object.keys(bundle).sort(), [...usedTexts()].sort());
    // As the editor's own Chinese has them: punctuation of full width, brackets of half.
    for (const text of [...Object.values(chinese), ...Object.values(bundle)]) {
      assert.doesNotMatch(
        text.replaceAll(/`[^`]*`|\]\(command:|https?:/g, ''),
        /\p{Script=Han}[,:;?!]|[,:;?!]\p{Script=Han}|[（）]/u,
        text,
      );
    }
  });
});
