import { format } from 'node:util';
import Mocha from 'mocha';

/** How a run of tests ended. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** How {@link runMocha} runs. */
export interface MochaRunOptions {
  /** Absolute paths of ES modules with tests. */
  readonly files: readonly string[];
  /** Limit of each test and hook, in milliseconds, unless it sets its own. */
  readonly timeoutMs: number;
  /** Runs only the tests whose full title contains this text. */
  readonly only?: string | undefined;
  readonly color: boolean;
  /** Receives the report, line by line. */
  readonly print: (line: string) => void;
  /** Ends the run after the test that is running. */
  readonly signal?: AbortSignal;
}

/** The last line of every run. */
export function countLine(counts: TestCounts): string {
  return `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`;
}

/**
 * Runs test files with Mocha in this process and reports each test. Hooks that fail count as failed tests.
 * @throws Error if a file cannot be loaded
 */
export async function runMocha(options: MochaRunOptions): Promise<TestCounts> {
  Mocha.reporters.Base.consoleLog = (...parts: unknown[]): void => options.print(format(...parts));
  const mocha = new Mocha({
    ui: 'bdd',
    reporter: 'spec',
    timeout: options.timeoutMs,
    color: options.color,
    ...(options.only === undefined || options.only === '' ? {} : { fgrep: options.only }),
  });
  options.files.forEach((file) => mocha.addFile(file));
  await mocha.loadFilesAsync();
  return await new Promise<TestCounts>((resolve) => {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    const runner = mocha.run(() => resolve(counts));
    runner.on('pass', () => counts.passed++);
    runner.on('fail', () => counts.failed++);
    runner.on('pending', () => counts.skipped++);
    options.signal?.addEventListener('abort', () => void runner.abort(), { once: true });
  });
}
