import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDevbox, type Devbox } from '../../../../src/core/platform/devbox';
import { DevboxStore } from '../../../../src/extension/devboxes/devboxStore';

describe('What is known of devboxes', () => {
  const devbox = (id: string, status: string): Devbox => parseDevbox({ id, status, create_time_ms: Date.now() });
  const shown = ({ devboxes }: DevboxStore): readonly string[] =>
    devboxes.map(({ id, status }) => `${id} ${status}`).sort();

  it('from elsewhere is newer than an answer that was on its way, whatever the answer says', () => {
    const store = new DevboxStore();
    store.apply(
      [devbox('dbx_a', 'running'), devbox('dbx_b', 'running'), devbox('dbx_c', 'running')],
      [],
      store.mark(),
      Date.now(),
    );
    const asked = store.mark();
    store.update(devbox('dbx_a', 'suspending'));
    store.remove('dbx_b');
    store.update(devbox('dbx_new', 'provisioning'));
    // The list as it was when it was asked for.
    store.apply([devbox('dbx_a', 'running'), devbox('dbx_b', 'running')], ['dbx_new', 'dbx_c'], asked, Date.now());
    assert.deepEqual(shown(store), ['dbx_a suspending', 'dbx_new provisioning']);
  });

  it('gives way to an answer that was asked for afterwards', () => {
    const store = new DevboxStore();
    store.update(devbox('dbx_a', 'suspending'));
    store.remove('dbx_b');
    store.apply([devbox('dbx_a', 'suspended'), devbox('dbx_b', 'running')], [], store.mark(), Date.now());
    assert.deepEqual(shown(store), ['dbx_a suspended', 'dbx_b running']);
  });
});
