import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, it } from 'mocha';

const read = (path: string): string => readFileSync(path, 'utf8');
const tops = ['src', 'test', 'media'];
/** All paths of the repository that documents may name. */
const tree = [
  ...readdirSync('.'),
  ...tops.flatMap((top) => readdirSync(top, { recursive: true, encoding: 'utf8' }).map((name) => join(top, name))),
];
const documents = tree.filter((path) => /^[A-Z]+\.md$|^(?:src|test)\/.*\.md$/.test(path) && path !== 'CHANGELOG.md');
const roomsOf = (folder: string): readonly string[] =>
  readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());

/** What documents name and the repository does not hold: what is built or made, and folders of the platform's data. */
const elsewhere =
  /^(?:@|\/|\.\.\/x$|(?:dist|out|artifacts|\.vscode-test|trash|net|programs|mask|\.runloop|ghcr\.io)\/)/;
/** Where a document's paths begin, beside its own folder. */
const starts = ['.', 'src', 'src/core', 'src/extension', 'src/local', 'test', 'test/unit/core', 'test/unit/local'];

/** The words in code style that mean a path. */
function namedPaths(text: string): readonly string[] {
  return [...text.matchAll(/`([\w@.*/-]+)`/g)]
    .map(([, word = '']) => word)
    .filter((word) => (word.includes('/') || /\.(?:ts|mjs|cjs|md)$/.test(word)) && !elsewhere.test(word));
}

/** Whether there is what a document names; a name without a folder lies anywhere below it, or among its tests. */
function isThere(document: string, word: string): boolean {
  const pattern = (path: string): RegExp =>
    new RegExp(`^${path.replace(/\/$/, '').replaceAll('.', '\\.').replaceAll('*', '[^/]*')}(?:\\.ts)?$`);
  const own = dirname(document);
  if (!word.slice(0, -1).includes('/')) {
    const below = own === '.' ? [''] : [`${own}/`, `${own.replace(/^src/, 'test/unit')}/`];
    const isBelow = (path: string): boolean => below.some((start) => path.startsWith(start));
    if (tree.some((path) => isBelow(path) && pattern(word).test(basename(path)))) return true;
  }
  const above = own.split('/').map((_part, count, parts) => parts.slice(0, parts.length - count).join('/'));
  return [...above, ...starts].some((start) => tree.some((path) => pattern(join(start, word)).test(path)));
}

describe('The documents', () => {
  it('name paths that there are', () => {
    assert.ok(documents.length > 60);
    const missing = documents.flatMap((document) =>
      namedPaths(read(document)).flatMap((word) => (isThere(document, word) ? [] : `${document}: ${word}`)),
    );
    assert.deepEqual(missing, []);
    assert.equal(isThere('CONTRIBUTING.md', 'src/core/nothing.ts'), false);
    assert.equal(isThere('src/core/README.md', 'runtime/options.test.ts'), false);
  });

  it('show the rooms as they are: what the picture names is there, and each room is in it', () => {
    const picture = /```\n(src\/\n[^]*?)```/.exec(read('CONTRIBUTING.md'))?.[1] ?? '';
    const shown: string[] = [];
    const above: string[] = [];
    for (const line of picture.split('\n')) {
      const depth = (/^ */.exec(line)?.[0].length ?? 0) / 2;
      // Deeper lines go on with what is said.
      if (depth > 2 || line === '') continue;
      const names =
        /^(?:[\w.-]+(?:\/|\.ts)\s{0,2}|\w+(?=\s+[\w.]+\/?\.ts))+/.exec(line.trim())?.[0].trim().split(/\s+/) ?? [];
      above.length = depth;
      shown.push(...names.map((name) => join(...above, name).replace(/\/$/, '')));
      above.push(names[0] ?? '');
    }
    assert.deepEqual(
      shown.filter((path) => !tree.includes(path)),
      [],
    );
    const rooms = ['src', 'src/core', 'src/extension', 'test'].flatMap((top) =>
      roomsOf(top).map((name) => join(top, name)),
    );
    assert.deepEqual(
      rooms.filter((room) => !shown.includes(room)),
      [],
    );
  });

  it('say where everything of the local platform is', () => {
    const section = /## What is where\n([^]*?)\n## /.exec(read('src/local/README.md'))?.[1] ?? '';
    const named = new Set(namedPaths(section).map((word) => word.split('/')[0]));
    assert.deepEqual(
      roomsOf('src/local').filter((room) => !named.has(room)),
      [],
    );
  });

  it('say where the tests of each room of the local platform are', () => {
    const section = /## What is where\n([^]*?)\n## /.exec(read('src/local/README.md'))?.[1] ?? '';
    const [table = '', elsewhereTested = ''] = section.split('but what meets');
    const named = [...table.matchAll(/`([\w/]+)\/`/g)].map(([, word = '']) => word);
    const rooms = [
      ...named.filter((room) => tree.includes(join('src/local', room))),
      ...roomsOf('src/local/server').map((name) => join('server', name)),
    ];
    assert.ok(rooms.length > 20);
    const isTested = (room: string): boolean =>
      tree.some((path) => path.startsWith(join('test/unit/local', room)) && path.endsWith('.test.ts'));
    assert.deepEqual(
      rooms.filter((room) => !isTested(room) && !elsewhereTested.includes(`\`${room}/\``)),
      [],
    );
  });

  it('name a test for each fault of the original that is not here', () => {
    const rows = read('src/core/README.md')
      .split('\n')
      .filter((line) => /^\| D\d+/.test(line));
    assert.equal(rows.length, 37);
    const missing = rows.flatMap((row) => {
      const shownBy = row.split('|').at(-2) ?? '';
      if (!shownBy.includes('`')) return [`names no file: ${shownBy}`];
      return [...shownBy.matchAll(/`([\w/.]+\.ts)`([^`]*)/g)].flatMap(([, word = '', rest = '']) => {
        const path = [word, join('test/unit/core', word)].find((one) => tree.includes(one));
        if (path === undefined) return [word];
        const text = read(path).replaceAll("\\'", "'");
        const titles = [...rest.matchAll(/_([^_]+(?:_[^_ ]+)*?)_(?![A-Za-z])/g)].map(([, title = '']) => title);
        return titles
          .filter((title) => !title.split('…').every((part) => text.includes(part.trim())))
          .map((title) => `${path}: ${title}`);
      });
    });
    assert.deepEqual(missing, []);
  });
});
