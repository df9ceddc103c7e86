import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { countLine } from '../vscode/mochaRun';
import {
  countAll,
  filesToRepeat,
  filesToRepeatAgain,
  notTried,
  readResults,
  resultsVariable,
  withRepeated,
  type RunResults,
} from './results';

// All tests. Those that drive a browser are repeated once, in a window of their own from the start, as their tests build on
// each other; the end of the run tells them as flaky. A test that fails is the last one in its window: those behind it are tried
// in the repetition for the first time, and what fails there first is repeated once as well.
const folder = mkdtempSync(join(tmpdir(), 'results-'));
// Ctrl-C reaches the tests as well: they end by themselves, and this process after them.
process.on('SIGINT', () => undefined);

/** @returns how the tests ended, or undefined if Mocha did not come as far as its report */
async function run(name: string, words: readonly string[]): Promise<RunResults | undefined> {
  const path = join(folder, `${name}.json`);
  const mocha = spawn(process.execPath, ['node_modules/mocha/bin/mocha.js', ...words], {
    stdio: 'inherit',
    env: { ...process.env, [resultsVariable]: path },
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    mocha.on('exit', resolve);
    mocha.on('error', reject);
  });
  try {
    const results = readResults(path);
    // Something failed that is no test, such as a promise that nobody waited for.
    return code !== 0 && countAll(results).failed === 0 ? undefined : results;
  } catch (error) {
    process.stderr.write(`The tests did not come to their end (exit code ${String(code)}): ${String(error)}\n`);
    return undefined;
  }
}

try {
  const words = process.argv.slice(2);
  const first = await run('first', ['--config', 'test/run/all.mocharc.cjs', ...words]);
  let last = first;
  const tries = [...(first === undefined ? [] : [first])];
  let files = first === undefined ? [] : filesToRepeat(first);
  while (last !== undefined && files.length > 0) {
    process.stdout.write(`\nOnce more, in new windows: ${files.map((file) => basename(file)).join(', ')}\n`);
    const repeated = await run(`repeated-${tries.length}`, ['--jobs', '2', ...files]);
    last = repeated === undefined ? undefined : withRepeated(last, repeated);
    files =
      first === undefined || repeated === undefined || tries.length > 1 ? [] : filesToRepeatAgain(first, repeated);
    if (repeated !== undefined) tries.push(repeated);
  }
  if (last !== undefined && tries.length > 1) {
    const failures = tries.slice(0, -1).flatMap((results) => [...results]);
    for (const [file, result] of failures) {
      if (last.get(file)?.failed !== 0) continue;
      for (const { title, message } of result.failures) {
        if (message.startsWith(notTried)) continue;
        process.stdout.write(`Flaky, failed at the first try: ${title}: ${message.replace(/\s+/g, ' ')}\n`);
      }
    }
    process.stdout.write(`${countLine(countAll(last))}\n`);
  }
  process.exitCode = last !== undefined && countAll(last).failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
