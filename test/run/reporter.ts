import Mocha from 'mocha';
import { countLine } from '../vscode/mochaRun';
import { skipReasons } from './skip';

/** Mocha's own report, and at its end what was skipped and why, what was flaky, and the line that every run here has. */
export default class Reporter extends Mocha.reporters.Spec {
  readonly #flaky = new Map<string, string>();

  constructor(runner: Mocha.Runner, options?: Mocha.MochaOptions) {
    super(runner, options);
    runner.on(Mocha.Runner.constants.EVENT_TEST_RETRY, (test: Mocha.Test, error: Error) =>
      this.#flaky.set(test.fullTitle(), error.message.split('\n')[0] ?? ''),
    );
  }

  override epilogue(): void {
    super.epilogue();
    const print = Mocha.reporters.Base.consoleLog;
    for (const reason of skipReasons()) print(`Skipped: ${reason}`);
    for (const [title, message] of this.#flaky) print(`Flaky, failed at the first try: ${title}: ${message}`);
    print(countLine({ passed: this.stats.passes, failed: this.stats.failures, skipped: this.stats.pending }));
  }
}
