import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { before, describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import {
  fileNames,
  mostFileMatches,
  searchFiles,
  type FileQuery,
  type SearchEnd,
} from '../../../../src/core/files/fileSearch';
import { textOfPath } from '../../../../src/core/files/pathText';
import { FoundLines, type FileMatch } from '../../../../src/core/files/searchLines';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from './useFiles';

describe('Searching the files of a devbox', function () {
  this.timeout(60_000);
  const used = usePlatform();
  let box: FilesDevbox;

  before(async () => {
    box = await filesDevbox(used.api);
    await box.bash(
      `mkdir -p /tmp/s/src/in /tmp/s/.git /tmp/s/node_modules; cd /tmp/s; ` +
        `printf 'one\\nA Needle here\\nneedles\\n' > src/a.ts; printf 'needle\\r\\n' > $'src/in/new\\nline.py'; printf 'é needle é\\n' > $'\\xff.ts'; ` +
        `printf 'needle' > .git/x; printf 'needle' > node_modules/x; printf '\\0needle\\n' > binary; mkfifo pipe; ln -s /tmp/s loop; ` +
        `printf 'needle' > shut; chmod 000 shut; { head -c 100000 /dev/zero | tr '\\0' x; echo needle; } > long; printf '%s\\n' -e > ./-e`,
    );
  });

  const query = (text: string, more: Partial<FileQuery> = {}): FileQuery => ({
    text,
    isRegExp: false,
    matchCase: false,
    isWord: false,
    include: [],
    exclude: [],
    ...more,
  });
  async function search(
    of: FileQuery,
    folder = '/tmp/s',
    limit = signal,
  ): Promise<{ found: FileMatch[]; end: SearchEnd }> {
    const context = { commands: box.commands, requireRunning: () => sleep(0) };
    const searching = searchFiles(context, folder, of, limit);
    const found: FileMatch[] = [];
    for (;;) {
      const next = await searching.next();
      if (next.done === true) return { found, end: next.value };
      found.push(...next.value);
    }
  }
  const places = ({ found }: { readonly found: readonly FileMatch[] }): string[] =>
    found.map(({ path, line, text, start, end }) => `${path.slice(7)}:${line}:${text.slice(start, end)}`).sort();

  it('gives lines with what was found in them, whatever the files are called', async () => {
    const all = await search(query('needle', { exclude: ['long'] }));
    const odd = textOfPath(Buffer.from('\xff.ts', 'latin1'));
    assert.deepEqual(all.end, { isLimited: false, failure: undefined });
    assert.deepEqual(
      places(all),
      ['src/a.ts:1:Needle', 'src/a.ts:2:needle', 'src/in/new\nline.py:0:needle', `${odd}:0:needle`].sort(),
    );
    assert.equal(all.found.find(({ path }) => path.endsWith('.py'))?.text, 'needle');
    assert.equal(all.found.find(({ path }) => path.endsWith(odd))?.text, 'é needle é');
    const [long] = (await search(query('needle', { include: ['long'] }))).found;
    assert.deepEqual([long?.text.length, long?.start, long?.end], [6_000 - './long?1:'.length, 0, 0]);
  });

  it('minds case, words, expressions and globs', async () => {
    const here = { include: ['*.{ts,py}'], exclude: ['**/in/**'] };
    assert.deepEqual(places(await search(query('Needle', { matchCase: true }))), ['src/a.ts:1:Needle']);
    assert.deepEqual(places(await search(query('needle', { ...here, isWord: true, include: ['src/**'] }))), [
      'src/a.ts:1:Needle',
    ]);
    assert.deepEqual(places(await search(query('n\\w+s$', { ...here, isRegExp: true }))), ['src/a.ts:2:needles']);
    assert.deepEqual(places(await search(query('-e'))), ['-e:0:-e']);
    assert.deepEqual(places(await search(query('$(id) `id` \'"'))), []);
    const wrong = await search(query('(', { isRegExp: true }));
    assert.match(wrong.end.failure ?? '', /parenthes/i);
    const nowhere = await search(query('x'), '/tmp/none');
    assert.match(nowhere.end.failure ?? '', /No such|exit status/);
  });

  it('ends the program in the devbox where it is given up, and where there is too much', async () => {
    const running = (): Promise<string> => box.bash(`grep -lsa 'max-columns[-]preview' /proc/[0-9]*/cmdline | wc -l`);
    await box.bash('mkdir -p /tmp/many; seq 200000 | sed "s/$/ needle in a very long story/" > /tmp/many/f');
    const many = await search(query('needle'), '/tmp/many');
    assert.equal(many.found.length, mostFileMatches);
    assert.equal(many.end.isLimited, true);
    await eventually(running, (count) => count === '0\n');
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 1_000);
    const given = search(query('never in any file of it'), '/', stop.signal);
    await assert.rejects(given, (error) => RuntimeError.is(error, 'cancelled'));
    await eventually(running, (count) => count === '0\n');
  });

  it('reads what rg says, too', () => {
    const line = String.raw`\033[0m./b\\s/\303\251\033[0m\000\033[0m12\033[0m:\tan \033[0m\033[1mhit\033[0m and \033[0m\033[1mhit\033[0m$`;
    assert.deepEqual(new FoundLines('/').take(line), {
      path: '/b\\s/é',
      line: 11,
      text: '\tan hit and hit',
      start: 4,
      end: 7,
    });
    assert.equal(new FoundLines('/').take('binary file matches (found "\\\\0")$'), undefined);
  });

  it('lists 100,000 names', async () => {
    await box.bash(
      'mkdir -p /tmp/n; cd /tmp/n; seq -f "some/where/f%06.0f" 100000 > /tmp/l; mkdir -p some/where; xargs touch < /tmp/l',
    );
    const { names, isLimited } = await fileNames(
      { commands: box.commands, requireRunning: () => sleep(0) },
      '/tmp/n',
      signal,
    );
    assert.deepEqual([names.length, isLimited, names.includes('some/where/f054321')], [100_000, false, true]);
  });
});
