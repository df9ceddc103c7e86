import type { TestCounts } from './mochaRun';

/*
 * What the suite inside the extension host and the launcher outside tell each other: one JSON message per line over a
 * Unix socket. The last message is the end word; without it a run has failed, whatever the editor says.
 */

/** Environment variable with the path of the launcher's socket. */
export const suiteSocketVariable = 'RUNLOOP_TEST_SOCKET';

/** Environment variable with a part of the titles of the tests to run; without it all are run. */
export const suiteOnlyVariable = 'RUNLOOP_TEST_ONLY';

/** Environment variable with the address of the local platform for the tests. */
export const suiteBaseUrlVariable = 'RUNLOOP_TEST_BASE_URL';

/** Environment variable with the key of that platform. */
export const suiteApiKeyVariable = 'RUNLOOP_TEST_API_KEY';

/** A message of the suite. */
export type SuiteMessage =
  { readonly type: 'line'; readonly text: string } | { readonly type: 'end'; readonly counts: TestCounts };

/** @throws Error if `line` is no message of the suite */
export function parseSuiteMessage(line: string): SuiteMessage {
  const value: unknown = JSON.parse(line);
  if (typeof value === 'object' && value !== null && 'type' in value) {
    if (value.type === 'line' && 'text' in value && typeof value.text === 'string') {
      return { type: 'line', text: value.text };
    }
    if (value.type === 'end' && 'counts' in value) {
      return { type: 'end', counts: parseCounts(value.counts) };
    }
  }
  throw new Error(`Not a message of the test suite: ${line.slice(0, 200)}`);
}

function parseCounts(value: unknown): TestCounts {
  if (typeof value === 'object' && value !== null && 'passed' in value && 'failed' in value && 'skipped' in value) {
    const { passed, failed, skipped } = value;
    if (typeof passed === 'number' && typeof failed === 'number' && typeof skipped === 'number') {
      return { passed, failed, skipped };
    }
  }
  throw new Error('The test suite sent counts that are none.');
}
/** Set to 1: the launcher takes the oldest VS Code that the manifest admits. */
export const lowestVscodeVariable = 'RUNLOOP_TEST_LOWEST_VSCODE';

/** Names the file with the key and the certificate of a server that the suite starts; the editor trusts it. */
export const suiteCertificateVariable = 'RUNLOOP_SUITE_CERTIFICATE';
