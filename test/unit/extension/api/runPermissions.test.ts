import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { Emitter } from '../../../../src/core/events';
import { RuntimeError } from '../../../../src/core/errors';
import { RunPermissions } from '../../../../src/extension/api/runPermissions';

describe('permission to run commands', () => {
  const changed = new Emitter<void>();
  const permissions = new RunPermissions({ onDidChange: (listener) => changed.on(listener) });
  let asked = 0;
  const yes = (): Promise<void> => {
    asked += 1;
    return Promise.resolve();
  };
  const no = (): Promise<void> => {
    asked += 1;
    return Promise.reject(new Error('no'));
  };
  const questions = async (work: () => Promise<void>): Promise<number> => {
    asked = 0;
    await work();
    return asked;
  };

  it('is for one holder and one devbox', async () => {
    const [mine, other] = [{}, {}];
    assert.equal(await questions(() => permissions.require(mine, 'a', yes)), 1);
    assert.equal(await questions(() => permissions.require(mine, 'a', no)), 0);
    assert.equal(await questions(() => permissions.require(mine, 'b', yes)), 1);
    assert.equal(await questions(() => assert.rejects(permissions.require(other, 'a', no))), 1);
    assert.equal(await questions(() => permissions.require(mine, 'a', no)), 0);
  });

  it('is asked for each time by who cannot be known, whatever others were allowed', async () => {
    await permissions.require({}, 'a', yes);
    for (let time = 0; time < 3; time += 1) {
      assert.equal(await questions(() => permissions.require(undefined, 'a', yes)), 1);
    }
    assert.equal(await questions(() => assert.rejects(permissions.require(undefined, 'a', no))), 1);
  });

  it('is not remembered as a no, and shared by calls that come meanwhile', async () => {
    const holder = {};
    await assert.rejects(permissions.require(holder, 'a', no));
    const both = async (): Promise<void> => {
      await Promise.all([permissions.require(holder, 'a', yes), permissions.require(holder, 'a', yes)]);
    };
    assert.equal(await questions(both), 1);
  });

  it('ends with the account, also one that is given just then', async () => {
    const holder = {};
    await permissions.require(holder, 'a', yes);
    changed.fire();
    assert.equal(await questions(() => assert.rejects(permissions.require(holder, 'a', no))), 1);
    for (const who of [{}, undefined]) {
      const late = permissions.require(who, 'a', () => {
        changed.fire();
        return Promise.resolve();
      });
      await assert.rejects(late, (error) => RuntimeError.is(error, 'cancelled'));
    }
    permissions.dispose();
  });
});
