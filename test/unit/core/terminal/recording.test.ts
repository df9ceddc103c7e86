import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { readRecording, recordedShell } from '../../../../src/core/terminal/recording';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal } from '../files/useFiles';

describe('What a shell prints is recorded', function () {
  this.timeout(120_000);
  const used = usePlatform();

  it('also where the shell that was there before under this name ends late', async () => {
    const box = await filesDevbox(used.api, 'recorded');
    const script = Buffer.from(recordedShell('twice', 'true', { prepared: ':', start: 'exec bash -i' })).toString(
      'base64',
    );
    await box.bash(`echo ${script} | base64 -d > /tmp/recorded.sh`);
    const shells = async (): Promise<string[]> =>
      (await box.bash('ls -tr ~/.cache/runloop-vscode/terminals/twice 2>/dev/null; true')).split('\n').filter(Boolean);
    const start = (types: string): Promise<string> =>
      box.bash(
        `(mkfifo /tmp/keys.$$; (${types}; sleep 60) > /tmp/keys.$$ & script -qfec "sh /tmp/recorded.sh" /dev/null < /tmp/keys.$$ > /dev/null 2>&1 &) > /dev/null 2>&1`,
      );
    await start('while [ ! -e /tmp/end ]; do sleep 0.1; done; echo exit');
    const [first] = await eventually(shells, (all) => all.length > 0);
    await start("sleep 1; echo 'echo second $((6 * 7))'");
    const recorded = async (): Promise<string> =>
      (await readRecording(used.api, box.id, { name: 'twice', from: 0, signal }))?.bytes.toString() ?? '';
    await eventually(recorded, (text) => text.includes('second 42'), 20_000);
    await box.bash('touch /tmp/end');
    await eventually(
      () => box.bash(`ps -o pid= -p ${first ?? ''} || true`),
      (text) => text.trim() === '',
      20_000,
    );
    assert.match(await recorded(), /second 42/);
    assert.equal((await shells()).length, 1);
  });
});
