import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { RuntimeErrorCode } from '../../../../src/core/errors';
import { remediesOf } from '../../../../src/extension/messages/remedies';

describe('The buttons of a failure', () => {
  const of = (code: RuntimeErrorCode): string => remediesOf({ code, devboxId: 'dbx_1' }, true).join(' ');

  it('help in the three cases of trouble: key refused, no connection in time, failed task', () => {
    assert.deepEqual([of('authentication'), of('missing_api_key')], ['signIn', 'signIn']);
    assert.deepEqual(
      [of('deadline'), of('no_action_server'), of('network')],
      ['tryAgain showOutput', 'showOutput tryAgain', 'tryAgain'],
    );
    assert.equal(of('devbox_ended'), 'whyStopped tryAgain showOutput');
    for (const code of ['action_server', 'action_timeout', 'shell_busy', 'environment', 'transfer', 'mcp'] as const) {
      assert.equal(of(code), 'showOutput tryAgain', code);
    }
    assert.equal(of('disconnected'), 'tryAgain showOutput');
  });

  it('are none that cannot work', () => {
    assert.deepEqual(remediesOf({ code: 'devbox_ended', devboxId: undefined }, true), ['tryAgain']);
    assert.deepEqual(remediesOf({ code: 'devbox_ended', devboxId: 'dbx_1' }, false), ['whyStopped', 'showOutput']);
    assert.deepEqual(remediesOf({ code: 'closed', devboxId: undefined }, true), []);
    assert.deepEqual(remediesOf({ code: 'cancelled', devboxId: 'dbx_1' }, true), []);
    // What an agent has printed is not in the output of the devbox.
    const problem = { id: 'agent_at_once' };
    assert.deepEqual(remediesOf({ code: 'environment', devboxId: 'dbx_1', problem }, true), ['tryAgain']);
  });
});
