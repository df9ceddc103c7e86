import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { LogEntry } from '../../../../../src/core/platform/logEntry';
import { hasServerEnded } from '../../../../../src/core/runtime/connect/serverHealth';

describe('What the log tells of an action server', () => {
  const entry = (fields: Partial<LogEntry>): LogEntry => ({
    level: 'info',
    source: 'entrypoint',
    timestampMs: 0,
    text: '',
    ...fields,
  });
  const started = entry({ text: 'INFO:     Started server process [7]' });
  const finished = entry({ text: 'INFO:     Finished server process [7]' });
  const restart = entry({
    source: 'exec',
    executionId: 'e1',
    command: 'sudo bash -c "python -m openhands.runtime.action_execution_server 4444"',
  });

  it('sees one that has ended, by its own words or by the end of its command', () => {
    assert.equal(hasServerEnded([started, finished]), true);
    assert.equal(hasServerEnded([restart, entry({ source: 'exec', executionId: 'e1', exitCode: 137 })]), true);
    assert.equal(hasServerEnded([restart, { ...finished, source: 'exec', executionId: 'e1' }]), true);
  });

  it('takes one for well that was started again, or of which nothing is said', () => {
    for (const entries of [[], [started], [started, finished, started], [started, finished, restart]]) {
      assert.equal(hasServerEnded(entries), false);
    }
  });

  it('does not take the end of something else for it', () => {
    const others = [
      entry({ source: 'exec', executionId: 'e2', command: 'uvicorn app' }),
      entry({ source: 'exec', executionId: 'e2', text: finished.text }),
      entry({ source: 'exec', executionId: 'e2', exitCode: 0 }),
      entry({ source: 'shell', text: finished.text }),
    ];
    assert.equal(hasServerEnded([started, ...others]), false);
  });
});
