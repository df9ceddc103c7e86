import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { LogEntry } from '../../../../../src/core/platform/logEntry';
import type { Connection } from '../../../../../src/core/runtime/connect/bringUp';
import { hasServerEnded, serverHealth, stillLeads } from '../../../../../src/core/runtime/connect/serverHealth';

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

describe('How an action server is found to be, without its devbox counting as used', () => {
  /** A connection, and what was asked through it. */
  const connected = (httpKeepAlive: boolean, isAlive = true) => {
    const asked: string[] = [];
    const alive = (): Promise<boolean> => {
      asked.push('tunnel');
      return Promise.resolve(isAlive);
    };
    const tunnel = { key: 'k', authToken: 't', httpKeepAlive };
    return {
      asked,
      tunnel,
      connection: { devbox: { id: 'dbx_1' }, tunnel, client: { alive } } as unknown as Connection,
    };
  };
  const apiThatSays = (status: string, entries: readonly Partial<LogEntry>[] = []) =>
    ({
      devboxes: { retrieve: () => Promise.resolve({ status }) },
      logs: { newest: () => Promise.resolve(entries) },
    }) as never;

  it('is asked through a tunnel that does not count requests, and only there', async () => {
    for (const isAlive of [true, false]) {
      const { asked, connection } = connected(false, isAlive);
      assert.equal(await serverHealth(apiThatSays('running'), connection, undefined), isAlive ? 'answers' : undefined);
      assert.deepEqual(asked, ['tunnel']);
    }
    const { asked, connection } = connected(true);
    assert.equal(await serverHealth(apiThatSays('running'), connection, undefined), 'runs');
    for (const status of ['suspended', 'shutdown', 'suspending', 'something new']) {
      assert.equal(await serverHealth(apiThatSays(status), connection, undefined), undefined);
    }
    const finished = { source: 'entrypoint', text: 'INFO:     Finished server process [7]' };
    assert.equal(await serverHealth(apiThatSays('running', [finished]), connection, undefined), undefined);
    assert.deepEqual(asked, []);
  });

  it('is gone on with only while the same tunnel leads to a devbox that runs', async () => {
    const { signal } = new AbortController();
    for (const isUnasked of [true, false]) {
      for (const httpKeepAlive of [true, false]) {
        const { asked, tunnel, connection } = connected(httpKeepAlive);
        const leads = (devbox: unknown): Promise<boolean> =>
          stillLeads(connection, devbox as never, { signal, isUnasked });
        assert.equal(await leads({ status: 'running', tunnel }), true);
        assert.deepEqual(asked, isUnasked && httpKeepAlive ? [] : ['tunnel']);
        for (const devbox of [
          { status: 'suspended', tunnel },
          { status: 'running', tunnel: undefined },
          { status: 'running', tunnel: { ...tunnel, key: 'another' } },
          { status: 'running', tunnel: { ...tunnel, authToken: 'another' } },
        ]) {
          assert.equal(await leads(devbox), false, JSON.stringify(devbox));
        }
        assert.ok(asked.length <= 1);
      }
    }
    const { tunnel, connection } = connected(false, false);
    assert.equal(
      await stillLeads(connection, { status: 'running', tunnel } as never, { signal, isUnasked: false }),
      false,
    );
  });
});
