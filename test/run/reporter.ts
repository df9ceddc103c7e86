import Mocha from 'mocha';
import { countLine } from '../vscode/mochaRun';

/** Mocha's own report, with the line at its end that every run of tests here has. */
export default class Reporter extends Mocha.reporters.Spec {
  override epilogue(): void {
    super.epilogue();
    Mocha.reporters.Base.consoleLog(
      countLine({ passed: this.stats.passes, failed: this.stats.failures, skipped: this.stats.pending }),
    );
  }
}
