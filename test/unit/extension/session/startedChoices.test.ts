import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import type { StartChoices } from '../../../../src/core/start/startChoices';
import { StartedChoices } from '../../../../src/extension/session/startedChoices';
import { FakeSecrets } from '../../../fakeVscode/memory';

const choices: StartChoices = {
  source: { kind: 'plain' },
  size: 'SMALL',
  endRule: { kind: 'lifetime', seconds: 600 },
  environment: { A: 'x; y' },
  secrets: {},
};

describe('what devboxes were started with', () => {
  it('is known to later windows, of the newest ones', async () => {
    const secrets = new FakeSecrets();
    const started = new StartedChoices(secrets);
    await Promise.all(
      Array.from({ length: 60 }, (_, at) => started.keep(`dbx_${at}`, { ...choices, networkPolicyId: `np_${at}` })),
    );
    const later = new StartedChoices(secrets);
    assert.deepEqual(await later.of('dbx_59'), { ...choices, networkPolicyId: 'np_59' });
    assert.equal(await later.of('dbx_3'), undefined);
    assert.equal(await later.of('dbx_none'), undefined);
  });
});
