import Mocha from 'mocha';
import { countLine } from '../vscode/mochaRun';
import { countAll, noResult, resultsVariable, writeResults, type FileResult } from './results';
import { skipReasons } from './skip';

/** Mocha's own report, and at its end what was skipped and why, and the line that every run here has. */
export default class Reporter extends Mocha.reporters.Spec {
  readonly #results = new Map<string, FileResult>();

  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    const { EVENT_TEST_PASS, EVENT_TEST_FAIL, EVENT_TEST_PENDING } = Mocha.Runner.constants;
    runner.on(EVENT_TEST_PASS, (test: Mocha.Test) => this.#add(test, ({ passed }) => ({ passed: passed + 1 })));
    runner.on(EVENT_TEST_PENDING, (test: Mocha.Test) => this.#add(test, ({ skipped }) => ({ skipped: skipped + 1 })));
    // Hooks that fail come as tests do.
    runner.on(EVENT_TEST_FAIL, (test: Mocha.Test, error: Error) =>
      this.#add(test, ({ failed, failures }) => ({
        failed: failed + 1,
        failures: [...failures, { title: test.fullTitle(), message: error.message }],
      })),
    );
  }

  #add(test: Mocha.Test, change: (before: FileResult) => Partial<FileResult>): void {
    const file = test.file ?? '';
    const before = this.#results.get(file) ?? noResult;
    this.#results.set(file, { ...before, ...change(before) });
  }

  override epilogue(): void {
    super.epilogue();
    const print = Mocha.reporters.Base.consoleLog;
    for (const reason of skipReasons()) print(`Skipped: ${reason}`);
    print(countLine(countAll(this.#results)));
    const path = process.env[resultsVariable];
    if (path !== undefined) writeResults(path, this.#results);
  }
}
