import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { projectRoot } from '../vscode/projectPaths';
import { mutationsOf, type Mutation } from './mutations';

const run = promisify(execFile);
const usage = `Changes a source file in small ways, one at a time, and tells which changes no test notices.

  npm run mutate -- src/core/start/createDevbox.ts [--tests FOLDER-OR-FILE]… [--n N] [--seconds S]

  --tests    a file or folder of test/unit, said again for each; by default the folder that mirrors the file's
  --n        so many mutations at the most, spread over the file (by default all)
  --seconds  limit of one run of the tests (120)
`;

/** A copy of the project, in which files can be changed without disturbing anybody. */
async function copyOfProject(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mutate-'));
  for (const name of ['src', 'test', 'media', 'esbuild.mjs', 'tsconfig.json', '.mocharc.json', 'eslint.config.mjs']) {
    await cp(join(projectRoot, name), join(folder, name), { recursive: true });
  }
  for (const name of ['package.json', 'package.nls.json', 'package.nls.zh-cn.json', 'package-lock.json', 'README.md']) {
    await cp(join(projectRoot, name), join(folder, name));
  }
  for (const name of ['node_modules', '.vscode-test']) await symlink(join(projectRoot, name), join(folder, name));
  return folder;
}

/** True if the tests notice: they fail, do not end, or the program cannot be built. */
async function isNoticed(
  folder: string,
  tests: readonly string[],
  { seconds, isOfTestsOnly }: { readonly seconds: number; readonly isOfTestsOnly: boolean },
): Promise<boolean> {
  const options = { cwd: folder, timeout: seconds * 1_000, maxBuffer: 1e8 };
  try {
    const sources = tests.map((test) => test.replace(/^out/, 'test').replace(/js$/, 'ts'));
    const only = isOfTestsOnly ? [`--tests=${sources.join()}`] : [];
    await run(process.execPath, ['esbuild.mjs', '--dev', '--quiet', ...only], options);
    const mocha = [join('node_modules', 'mocha', 'bin', 'mocha.js'), '--no-parallel', '--bail', '--exit'];
    await run(process.execPath, [...mocha, ...tests], options);
    return false;
  } catch {
    return true;
  }
}

function testsBelow(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name));
}

function spread<Item>(items: readonly Item[], most: number): Item[] {
  const step = Math.max(1, items.length / most);
  return items.filter((_, index) => Math.floor(index / step) !== Math.floor((index - 1) / step)).slice(0, most);
}

function told({ line, from, to }: Mutation): string {
  const short = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 70);
  return `line ${line}: ${short(from)} → ${to === ';' ? '(left out)' : short(to)}`;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      tests: { type: 'string', multiple: true },
      n: { type: 'string' },
      seconds: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const [file] = positionals;
  if (file === undefined || values.help === true) {
    process.stdout.write(usage);
    return file === undefined ? 2 : 0;
  }
  const text = await readFile(resolve(projectRoot, file), 'utf8');
  const mutations = spread(mutationsOf(text), Number(values.n ?? Infinity));
  const mirrored = join('test', 'unit', relative('src', dirname(file)));
  const tests = (values.tests ?? [mirrored])
    .flatMap((path) => (path.endsWith('.ts') ? [path] : testsBelow(path)))
    .map((path) => path.replace(/^test/, 'out').replace(/ts$/, 'js'));
  const folder = await copyOfProject();
  try {
    // The local platform, which the tests use as it was built, has nothing of core and extension in it.
    const isOfTestsOnly = /^src.(core|extension)/.test(relative(projectRoot, resolve(projectRoot, file)));
    const how = { seconds: Number(values.seconds ?? 120), isOfTestsOnly };
    await run(process.execPath, ['esbuild.mjs', '--dev', '--quiet'], { cwd: folder });
    if (await isNoticed(folder, tests, how)) {
      process.stdout.write(`The tests of ${basename(file)} fail without a mutation: ${tests.join(' ')}\n`);
      return 1;
    }
    const survivors: Mutation[] = [];
    for (const mutation of mutations) {
      await writeFile(join(folder, file), mutation.text);
      if (await isNoticed(folder, tests, how)) continue;
      survivors.push(mutation);
      process.stdout.write(`${told(mutation)}\n`);
    }
    process.stdout.write(`${file}: ${survivors.length} of ${mutations.length} mutations survive\n`);
    return 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
