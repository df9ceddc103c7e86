import { readFileSync, writeFileSync } from 'node:fs';
import type { TestCounts } from '../vscode/mochaRun';

/** The environment variable that names the file into which {@link writeResults} writes. */
export const resultsVariable = 'RUNLOOP_TEST_RESULTS';

/** How a file's tests ended. */
export interface FileResult extends TestCounts {
  /** The tests and hooks that failed: full title and the whole message. */
  readonly failures: readonly { readonly title: string; readonly message: string }[];
}

/** How the tests of a run ended, by the file's absolute path, '' being those of which Mocha does not tell the file. */
export type RunResults = ReadonlyMap<string, FileResult>;

/** How the failures begin of tests that another one before them left no window to: they were not tried. */
export const notTried = 'Not tried in this window, ';

/** A file of which nothing has ended yet. */
export const noResult: FileResult = { passed: 0, failed: 0, skipped: 0, failures: [] };

/** Tells another process how the tests ended. */
export function writeResults(path: string, results: RunResults): void {
  writeFileSync(path, JSON.stringify([...results]));
}

/** @throws Error if the run wrote none, as it ended before its end */
export function readResults(path: string): RunResults {
  // The writer is this module.
  return new Map(JSON.parse(readFileSync(path, 'utf8')) as [string, FileResult][]);
}

/** True for a file whose tests drive a browser. */
export function drivesBrowser(file: string): boolean {
  return file.includes('/out/ui/');
}

/** The files with failed tests. */
export function failedFiles(results: RunResults): string[] {
  return [...results].filter(([, { failed }]) => failed > 0).map(([file]) => file);
}

/**
 * The files that may be run once more: those of a run in which nothing failed but tests that drive a browser.
 * @returns none if all passed, or if a repetition would not make the run green
 */
export function filesToRepeat(results: RunResults): string[] {
  const failed = failedFiles(results);
  return failed.every(drivesBrowser) ? failed : [];
}

/**
 * The files of a repetition that may be run a second time: those in which nothing failed that had failed before, so that each
 * test is repeated once at the most. What was not tried the first time may fail at its first try in the repetition.
 * @returns none if all passed, or if that would not make the run green
 */
export function filesToRepeatAgain(first: RunResults, repeated: RunResults): string[] {
  const failed = filesToRepeat(repeated);
  const titles = (results: RunResults, file: string): string[] =>
    (results.get(file)?.failures ?? [])
      .filter(({ message }) => !message.startsWith(notTried))
      .map(({ title }) => title);
  const isNew = (file: string): boolean => {
    const before = new Set(titles(first, file));
    return titles(repeated, file).every((title) => !before.has(title));
  };
  return failed.every(isNew) ? failed : [];
}

/** The results of a run with those of the files that were repeated in their place. */
export function withRepeated(results: RunResults, repeated: RunResults): RunResults {
  return new Map([...results, ...repeated]);
}

/** All files together. */
export function countAll(results: RunResults): TestCounts {
  const all = [...results.values()];
  const sum = (of: (result: FileResult) => number): number => all.reduce((total, result) => total + of(result), 0);
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
  };
}
