import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { parseDevbox } from '../../../../src/core/platform/devbox';
import { choicesOf, oneSizeUp, parseAllChoices } from '../../../../src/core/start/choicesAgain';
import { choicesBody, type StartChoices } from '../../../../src/core/start/startChoices';

const choices: StartChoices = {
  source: { kind: 'blueprint', name: 'openhands' },
  size: 'SMALL',
  endRule: { kind: 'idle', seconds: 600, action: 'suspend' },
  repository: { owner: 'acme', name: 'tool' },
  environment: { A: 'x; y' },
  secrets: { B: 'my-secret' },
  networkPolicyId: 'np_1',
};

describe('another devbox like one that there was', () => {
  it('is started with all that was kept', () => {
    assert.deepEqual(parseAllChoices(JSON.parse(JSON.stringify(choices))), choices);
    const withFolder = { ...choices, repository: undefined, folder: '/work' };
    const kept = parseAllChoices(JSON.parse(JSON.stringify(withFolder)));
    assert.deepEqual({ ...kept, repository: undefined }, withFolder);
    assert.equal(parseAllChoices({ size: 'SMALL' }), undefined);
  });

  it('is started with what the devbox tells, where nothing was kept', () => {
    const view = { id: 'dbx_1', status: 'failure', blueprint_id: 'bpt_1' };
    const launch = { resource_size_request: 'LARGE', keep_alive_time_seconds: 7_200 };
    assert.deepEqual(choicesOf(parseDevbox({ ...view, launch_parameters: launch }), 'mine'), {
      source: { kind: 'blueprint', name: 'mine' },
      size: 'LARGE',
      endRule: { kind: 'lifetime', seconds: 7_200 },
    });
    const idle = { lifecycle: { after_idle: { idle_time_seconds: 900, on_idle: 'suspend' } } };
    const custom = {
      resource_size_request: 'CUSTOM_SIZE',
      custom_cpu_cores: 2,
      custom_gb_memory: 4,
      custom_disk_size: 20,
    };
    const own = choicesOf(
      parseDevbox({ ...view, snapshot_id: 'snp_1', launch_parameters: { ...idle, ...custom } }),
      undefined,
    );
    assert.deepEqual(own, {
      source: { kind: 'snapshot', id: 'snp_1' },
      size: 'CUSTOM_SIZE',
      customSize: { cpuCores: 2, memoryGib: 4, diskGib: 20 },
      endRule: { kind: 'idle', seconds: 900, action: 'suspend' },
    });
  });

  it('is one size larger in what ran out, and keeps everything else', () => {
    const after = (size: string, need: 'memory' | 'disk'): string => oneSizeUp({ ...choices, size }, need).size;
    const words = ['X_SMALL', 'SMALL', 'MEDIUM', 'LARGE', 'X_LARGE'];
    assert.deepEqual(
      words.map((size) => after(size, 'memory')),
      ['SMALL', 'MEDIUM', 'LARGE', 'X_LARGE', 'XX_LARGE'],
    );
    assert.deepEqual(
      words.map((size) => after(size, 'disk')),
      ['MEDIUM', 'MEDIUM', 'LARGE', 'CUSTOM_SIZE', 'CUSTOM_SIZE'],
    );
    assert.deepEqual(oneSizeUp({ ...choices, size: 'LARGE' }, 'disk'), {
      ...choices,
      size: 'CUSTOM_SIZE',
      customSize: { cpuCores: 2, memoryGib: 8, diskGib: 32 },
    });
    for (const need of ['memory', 'disk'] as const) {
      let grown: StartChoices = { ...choices, size: 'X_SMALL' };
      for (let time = 0; time < 12; time += 1) {
        choicesBody(grown);
        grown = oneSizeUp(grown, need);
      }
      assert.deepEqual(oneSizeUp(grown, need), grown, 'the largest stays');
      assert.equal(grown.customSize?.[need === 'memory' ? 'memoryGib' : 'diskGib'], 64);
    }
  });
});
