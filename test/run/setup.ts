import { ensureChromium } from '../vscode/chromium';
import { ensureVscode } from '../vscode/install';
import { usualClock } from './usualClock';
import { ensurePrograms } from './programs';
import { useOwnTemporaryFolder } from './temporaryFolder';

/**
 * Run by Mocha once, before the first test: installs, so that no test's time limit has to cover a download.
 * @throws Error if VS Code or the browser is not there and cannot be installed
 */
export async function mochaGlobalSetup(): Promise<void> {
  const report = (line: string): void => void process.stderr.write(`${line}\n`);
  const { signal } = new AbortController();
  await Promise.all([ensureVscode(report, signal), ensureChromium(report, signal), ensurePrograms(report, signal)]);
  useOwnTemporaryFolder();
}

/** Run by Mocha in each of its processes, around each file. */
export const mochaHooks = { afterAll: usualClock };
