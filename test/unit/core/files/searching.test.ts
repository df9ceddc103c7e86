import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, describe, it } from 'mocha';
import { deadline } from '../../../../src/ground/deadline';
import { RuntimeError } from '../../../../src/core/errors';
import {
  fileNames,
  mostFileMatches,
  searchFiles,
  type FileQuery,
  type SearchContext,
  type SearchEnd,
} from '../../../../src/core/files/fileSearch';
import { DevboxFiles } from '../../../../src/core/files/devboxFiles';
import { fileProblemOf } from '../../../../src/core/files/fileErrors';
import { apiTransfer } from '../../../../src/core/files/fileTransfer';
import { textOfPath } from '../../../../src/core/files/pathText';
import { FoundLines, type FileMatch } from '../../../../src/core/files/searchLines';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { ensureVscode } from '../../../vscode/install';
import { content, filesDevbox, signal, type FilesDevbox } from './useFiles';

/** The `rg` that comes with VS Code. */
async function ripgrep(): Promise<Buffer> {
  const { serverRoot } = await ensureVscode(() => undefined, deadline(600_000));
  const folder = join(serverRoot, 'node_modules/@vscode');
  const name = (await readdir(folder)).find((one) => one.startsWith('ripgrep')) ?? assert.fail('VS Code has no rg');
  return readFile(join(folder, name, `bin/linux-${process.arch}/rg`));
}

describe('Searching the files of a devbox', function () {
  this.timeout(120_000);
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
    context: SearchContext = { devboxId: box.id, commands: box.commands, requireRunning: () => sleep(0) },
  ): Promise<{ found: FileMatch[]; end: SearchEnd }> {
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
    // Braces in braces, and so many that written out they would have no end.
    const nested = { include: [`{x,{y,*.{tsx,py}}}`], isWord: true };
    assert.deepEqual(places(await search(query('needle', nested))), ['src/in/new\nline.py:0:needle']);
    assert.deepEqual(places(await search(query('needle', { include: ['{x,y}'.repeat(64)] }))), []);
    const wrong = await search(query('(', { isRegExp: true }));
    assert.match(wrong.end.failure ?? '', /parenthes/i);
    for (const [folder, problem] of [
      ['/tmp/none', 'file_missing'],
      ['/tmp/s/long', 'file_not_folder'],
      ['/root', 'file_denied'],
    ] as const) {
      await assert.rejects(search(query('x'), folder), (error) => fileProblemOf(error) === problem, folder);
    }
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

  const withRg: SearchContext['commands'] = {
    run: (command, options) => box.commands.run(`PATH=/tmp/rg:$PATH\n${command}`, options),
    open: (command, options) => box.commands.open(`PATH=/tmp/rg:$PATH\n${command}`, options),
  };
  const over = (commands: SearchContext['commands']): SearchContext => ({
    devboxId: box.id,
    commands,
    requireRunning: () => sleep(0),
  });

  it('finds the same with rg, where the devbox has it', async () => {
    await box.bash('mkdir /tmp/rg');
    const options = { create: true, overwrite: true, token: 'any', isExecutable: true, signal };
    await box.files.write('/tmp/rg/rg', content(await ripgrep()), options);
    const both = [
      query('needle', { exclude: ['long', '**/node_modules/**'] }),
      query('Needle', { matchCase: true, exclude: ['**/node_modules/**'] }),
      query('needle', { isWord: true, include: ['src/**'] }),
      query('n\\w+s$', { isRegExp: true, include: ['*.{ts,py}'] }),
      query('-e'),
      query('$(id) `id` \'"'),
    ];
    const context = over(withRg);
    for (const one of both) {
      const [own, rg] = [await search(one), await search(one, '/tmp/s', signal, context)];
      assert.deepEqual(places(rg), places(own), JSON.stringify(one));
      assert.deepEqual(rg.end, { isLimited: false, failure: undefined });
    }
    assert.match(
      (await search(query('(', { isRegExp: true }), '/tmp/s', signal, context)).end.failure ?? '',
      /regex parse error/,
    );
    const [long] = (await search(query('needle', { include: ['long'] }), '/tmp/s', signal, context)).found;
    assert.ok((long?.text.length ?? 0) <= 2_000, String(long?.text.length));
  });

  it('finds text of another encoding, and complains of no folder that it may not look into', async () => {
    await box.bash(
      `mkdir -p /tmp/e/shut; cd /tmp/e; printf 'caf\\xe9 Needle\\ngr\\xc3\\xbcn\\n' > latin; printf '\\0needle Needle\\n' > binary; chmod 000 shut`,
    );
    for (const commands of [box.commands, withRg]) {
      const all = await search(query('needle'), '/tmp/e', signal, over(commands));
      assert.deepEqual(places(all), ['latin:0:Needle']);
      assert.equal(all.end.failure, undefined);
      // Also by expressions, whole words and letters that are not ASCII, and in the lines of it that are UTF-8.
      for (const [text, more, expected] of [
        ['N.edle', { isRegExp: true }, 'latin:0:Needle'],
        ['needle', { isWord: true }, 'latin:0:Needle'],
        ['grün', {}, 'latin:1:grün'],
        ['gr.n', { isRegExp: true }, 'latin:1:grün'],
      ] as const) {
        const other = await search(query(text, more), '/tmp/e', signal, over(commands));
        assert.deepEqual(places(other), [expected]);
        assert.equal(other.end.failure, undefined);
      }
    }
  });

  it('leaves out what the system tells of itself, which may have no end, where all of a devbox is searched', async () => {
    await box.bash('echo "PPid: mine" > /tmp/e/status');
    for (const commands of [box.commands, withRg]) {
      const of = query('PPid:', { include: ['status'] });
      const { found, end } = await search(of, '/', signal, over(commands));
      assert.deepEqual(
        found.map(({ path }) => path),
        ['/tmp/e/status'],
      );
      assert.equal(end.failure, undefined);
      const { names } = await fileNames(over(commands), '/', signal);
      assert.ok(names.includes('tmp/e/status') && !names.some((name) => /^(?:proc|sys|dev)\//.test(name)));
    }
    // A folder of them by itself is looked into.
    assert.notEqual((await search(query('PPid:', { include: ['status'] }), '/proc/self')).found.length, 0);
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
    // What has no end of a path is not kept: what follows it is not taken for the rest.
    const flooded = new FoundLines('/');
    for (const line of ['./a$', ...Array<string>(5).fill(`${'x'.repeat(1_000)}$`)]) {
      assert.equal(flooded.take(line), undefined);
    }
    assert.equal(flooded.take(String.raw`b\0001:text$`)?.path, '/b');
    assert.equal(new FoundLines('/').take('binary file matches (found "\\\\0")$'), undefined);
  });

  it('is no empty list where the devbox has no find, or no such folder', async () => {
    const { commands } = box;
    const run: typeof commands.run = (command, options) => commands.run(`find() { return 127; }\n${command}`, options);
    const files = new DevboxFiles({
      ...{ devboxId: box.id, commands: { run }, requireRunning: () => sleep(0) },
      transfer: apiTransfer(used.api),
    });
    await assert.rejects(files.list('/tmp', { signal }), (error) => fileProblemOf(error) === 'file_failed');
    const context = { commands, devboxId: box.id, requireRunning: () => sleep(0) };
    await assert.rejects(
      fileNames(context, '/tmp/nowhere', signal),
      (error) => fileProblemOf(error) === 'file_missing',
    );
  });

  it('lists 100,000 names', async () => {
    await box.bash(
      'mkdir -p /tmp/n; cd /tmp/n; seq -f "some/where/f%06.0f" 100000 > /tmp/l; mkdir -p some/where; xargs touch < /tmp/l',
    );
    const { names, isLimited } = await fileNames(
      { commands: box.commands, devboxId: box.id, requireRunning: () => sleep(0) },
      '/tmp/n',
      signal,
    );
    assert.deepEqual([names.length, isLimited, names.includes('some/where/f054321')], [100_000, false, true]);
  });
});
