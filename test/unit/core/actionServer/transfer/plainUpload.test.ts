import assert from 'node:assert/strict';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { deadline } from '../../../../../src/ground/deadline';
import { RuntimeError } from '../../../../../src/core/errors';
import { startPlainDevbox } from '../../../../../src/core/start/plainDevbox';
import { runCommand } from '../../../../../src/core/platform/runCommand';
import { RunloopApi } from '../../../../../src/core/platform/runloopApi';
import { type TestPlatform, startPlatform } from '../../../../platform/testPlatform';

describe('a folder for a plain devbox', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let api: RunloopApi;
  let folder: string;

  before(async () => {
    platform = await startPlatform([]);
    api = new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    folder = join(await mkdtemp(join(tmpdir(), 'runloop-plain-')), "it's mine");
    await mkdir(join(folder, 'empty'), { recursive: true });
    await writeFile(join(folder, '.gitignore'), 'out\n');
    await writeFile(join(folder, 'out'), 'left out');
    await writeFile(join(folder, '.env'), 'PASSWORD=x');
    await writeFile(join(folder, '-rf ..'), 'strange');
    await writeFile(join(folder, 'run.sh'), '#!/bin/sh\necho ran\n');
    await chmod(join(folder, 'run.sh'), 0o755);
  });
  after(async () => {
    await platform.stop();
    await rm(join(folder, '..'), { recursive: true });
  });

  const chosen = { source: { kind: 'plain' }, size: 'SMALL', endRule: { kind: 'lifetime', seconds: 600 } } as const;
  const signal = (): AbortSignal => deadline(50_000);

  it('arrives in its home, with modes and without what is ignored or looks secret', async () => {
    let files = 0;
    const { id } = await startPlainDevbox(
      api,
      'with-folder',
      { ...chosen, folder },
      { signal: signal(), onUpload: (_sent, count) => (files = count) },
    );
    assert.equal(files, 3);
    const { stdout } = await runCommand(api, id, `cd "it's mine" && ls -A && ./run.sh && ls -A "$HOME"`);
    assert.deepEqual(
      stdout.trim().split('\n').sort(),
      ['-rf ..', '.gitignore', 'empty', "it's mine", 'ran', 'run.sh'].sort(),
    );
  });

  it('takes what looks secret after a yes', async () => {
    const asked: string[] = [];
    const confirmSecrets = (paths: readonly string[]): Promise<boolean> => {
      asked.push(...paths);
      return Promise.resolve(true);
    };
    const { id } = await startPlainDevbox(
      api,
      'with-secret',
      { ...chosen, folder },
      { signal: signal(), confirmSecrets },
    );
    assert.deepEqual(asked, ['.env']);
    assert.equal(await api.files.read(id, "it's mine/.env"), 'PASSWORD=x');
  });

  it('leaves no devbox behind when it cannot be read', async () => {
    const start = startPlainDevbox(
      api,
      'without',
      { ...chosen, folder: join(folder, 'nowhere') },
      { signal: signal() },
    );
    await assert.rejects(start, (error) => RuntimeError.is(error, 'transfer'));
    for await (const { name, status } of api.devboxes.list({})) assert.ok(name !== 'without' || status === 'shutdown');
  });
});
