import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'mocha';
import type { Devbox } from '../../../../src/core/platform/devbox';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';

const endRule = { kind: 'lifetime', seconds: 3_600 };
const plainChoices = {
  choices: { source: { kind: 'plain' }, size: 'SMALL', endRule },
  settings: JSON.stringify({ source: { kind: 'blueprint', name: 'openhands' }, size: 'LARGE', endRule }),
};

describe('A window that is closed or reloaded while a devbox starts', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const named = async (name: string): Promise<Devbox[]> => {
    const all: Devbox[] = [];
    for await (const devbox of used.api.devboxes.list({})) if (devbox.name === name) all.push(devbox);
    return all;
  };

  for (const source of ['blueprint', 'plain'] as const) {
    const moments = {
      'before its create is sent': { fault: 'delay', method: 'POST', path: '/v1/devboxes', delay_ms: 2_000 },
      'before it runs': { fault: 'slow_boot', devbox: '', delay_ms: 2_000 },
    } as const;
    for (const [moment, fault] of Object.entries(moments)) {
      it(`leaves it running, and a note of it (${source}, ${moment})`, async () => {
        const { editor, platform } = used;
        const name = `left ${source}, ${moment}`;
        await orderFaults(platform, 'devbox' in fault ? { ...fault, devbox: name } : fault);
        if (source === 'plain') await editor.globalState.update('runloop.lastChoices', plainChoices);
        editor.answer(/^Start Devbox/, name);
        const starting = editor.run('runloop.startDevbox');
        await (fault.fault === 'delay'
          ? editor.eventually(() => editor.progress.length > 0)
          : eventually(
              () => named(name),
              (all) => all.length === 1,
            ));
        used.close();
        await starting.catch(() => undefined);
        assert.deepEqual(
          (await named(name)).map(({ status }) => status),
          ['running'],
        );
        assert.equal(readdirSync(join(used.globalFolder, 'starts')).length, 1);
      });
    }
  }
});
