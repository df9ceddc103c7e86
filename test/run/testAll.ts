import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { countLine } from '../vscode/mochaRun';
import { countAll, filesToRepeat, readResults, resultsVariable, withRepeated, type RunResults } from './results';

// All tests. Those that drive a browser are repeated once, in a window of their own from the start, as their tests build on
// each other; the end of the run tells them as flaky.
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
  const files = first === undefined ? [] : filesToRepeat(first);
  if (first !== undefined && files.length > 0) {
    process.stdout.write(`\nOnce more, in new windows: ${files.map((file) => basename(file)).join(', ')}\n`);
    const repeated = await run('repeated', ['--jobs', '2', ...files]);
    last = repeated === undefined ? undefined : withRepeated(first, repeated);
    const flaky = files.filter((file) => last?.get(file)?.failed === 0);
    for (const { title, message } of flaky.flatMap((file) => first.get(file)?.failures ?? [])) {
      process.stdout.write(`Flaky, failed at the first try: ${title}: ${message.replace(/\s+/g, ' ')}\n`);
    }
    if (last !== undefined) process.stdout.write(`${countLine(countAll(last))}\n`);
  }
  process.exitCode = last !== undefined && countAll(last).failed === 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
