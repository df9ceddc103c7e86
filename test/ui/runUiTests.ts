import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureChromium } from '../vscode/chromium';
import { ensureVscode } from '../vscode/install';
import { countLine, runMocha, type TestCounts } from '../vscode/mochaRun';
import { artifactsDir, outDir } from '../vscode/projectPaths';
import { listenForStop, Stopped } from '../vscode/stopSignals';
import { closeAllUiSessions } from './uiSession';

const usage = `Drives the extension in a real VS Code in the browser, as a person would.

  npm run test:ui -- [--only TEXT]

  --only TEXT   only the tests whose title contains TEXT
`;

/** Each test and hook may take this long, in milliseconds, unless it sets its own limit. */
const testLimitMs = 60_000;

function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function run(only: string | undefined, signal: AbortSignal): Promise<TestCounts> {
  // Installed before the first test, so that no test's time limit has to cover a download.
  await ensureVscode(report, signal);
  await ensureChromium(report, signal);
  await mkdir(artifactsDir, { recursive: true });
  const folder = join(outDir, 'ui');
  const files = (await readdir(folder, { recursive: true }))
    .filter((name) => name.endsWith('.test.js'))
    .sort()
    .map((name) => join(folder, name));
  // When stopped, everything is closed under the running test, which then fails quickly.
  const close = (): void => void closeAllUiSessions().catch((error: unknown) => report(String(error)));
  signal.addEventListener('abort', close, { once: true });
  try {
    return await runMocha({
      files,
      timeoutMs: testLimitMs,
      only,
      color: process.stdout.isTTY,
      print: (line) => process.stdout.write(`${line}\n`),
      signal,
    });
  } finally {
    signal.removeEventListener('abort', close);
    await closeAllUiSessions();
  }
}

async function main(): Promise<number> {
  const stop = listenForStop();
  let counts: TestCounts = { passed: 0, failed: 1, skipped: 0 };
  let exitCode: number;
  try {
    const { values } = parseArgs({ options: { only: { type: 'string' }, help: { type: 'boolean', short: 'h' } } });
    if (values.help === true) {
      process.stdout.write(usage);
      return 0;
    }
    counts = await run(values.only, stop.signal);
    exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
  } catch (error) {
    exitCode = 1;
    report(error instanceof Error ? error.message : String(error));
  }
  if (stop.signal.reason instanceof Stopped) {
    exitCode = stop.signal.reason.exitCode;
  }
  process.stdout.write(`${countLine(counts)}\n`);
  stop.dispose();
  return exitCode;
}

// A browser or a socket that is slow to close must not keep a finished run alive.
process.exit(await main());
