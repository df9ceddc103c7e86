import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'mocha';
import { waitFor } from '../../../../eventually';
import { processesWith } from '../../../../platform/devboxProcesses';
import { RunningServer } from '../runningServer';
import { pathWith, pythonFolderVariable, whyMissing } from '../../../../run/programs';
import { skip } from '../../../../run/skip';

/** With the Python that the run brought along, if this computer's has no ipykernel. */
const PATH = pathWith(pythonFolderVariable);
const python = (code: string): boolean =>
  spawnSync('python3', ['-c', code], { env: { ...process.env, PATH } }).status === 0;
const hasKernel = python('import ipykernel, jupyter_client');
const whyNot = `there is no python3 with ipykernel: ${whyMissing(pythonFolderVariable) ?? 'not installed'}`;

describe('run_ipython', () => {
  let server: RunningServer;

  const start = (environment: Record<string, string> = {}): Promise<RunningServer> =>
    RunningServer.start({
      arguments: ['--working-dir', '/tmp', '--no-enable-browser', '--plugins', 'jupyter'],
      environment: { PATH, ...environment },
    });

  /** Programs in the place of Python, and what is said of each. */
  const withoutKernel: readonly (readonly [what: string, program: string, said: RegExp])[] = [
    [
      'a Python that finds no packages at all',
      'exec /usr/bin/env -i PATH="$OLD_PATH" python3 -I -S "$@"',
      /The jupyter requirement was not found/,
    ],
    [
      'what stands in for a Python that is not there',
      'echo "pyenv: python3: command not found" >&2; exit 127',
      /The jupyter requirement was not found: .*\(pyenv: python3: command not found\)/,
    ],
    ['a program that ends without a word', 'exit 3', /kernel did not start: python3 ended with exit code 3/],
  ];
  for (const [what, program, said] of withoutKernel) {
    it(`says why there is no kernel, and works on: ${what}`, async function () {
      if (program.includes('exec ') && !python('')) skip(this, 'there is no python3 that works');
      const folder = join(tmpdir(), `runloop-python-${process.pid}`);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'python3'), `#!/bin/bash\n${program}\n`, { mode: 0o755 });
      const without = await start({
        PATH: `${folder}:${process.env['PATH'] ?? ''}`,
        OLD_PATH: process.env['PATH'] ?? '',
      });
      try {
        const answer = await without.action('run_ipython', { code: '1' });
        assert.equal(answer.status, 500);
        assert.match(answer.text, said);
        assert.equal((await without.run('echo on')).content, 'on');
      } finally {
        await without.stop();
        await rm(folder, { recursive: true });
      }
    });
  }

  it('imports the agent skills where OpenHands is installed in its Python, and says so where not', async function () {
    if (!hasKernel) skip(this, whyNot);
    const withSkills = await RunningServer.start({
      arguments: ['--working-dir', '/tmp', '--no-enable-browser', '--plugins', 'agent_skills', 'jupyter'],
      environment: { PATH },
    });
    try {
      const { json } = await withSkills.action('run_ipython', {
        code: '"open_file" in globals()',
        include_extra: false,
      });
      const isThere = python('import openhands.runtime.plugins.agent_skills.agentskills');
      assert.equal(json['content'], isThere ? 'True' : 'False');
      await withSkills.logged(isThere ? /Plugin agent_skills: imported\n/ : /Plugin agent_skills: not there \(/);
    } finally {
      await withSkills.stop();
    }
  }).timeout(60_000);

  describe('in a kernel', () => {
    before(async function () {
      // Nothing can be shown without it; the test above shows what users then see.
      if (!hasKernel) skip(this, whyNot);
      server = await start();
    });
    after(async () => {
      await (server as RunningServer | undefined)?.stop();
    });

    const cell = async (
      code: string,
      more: Record<string, unknown> = {},
      timeout?: number,
    ): Promise<{ content: string; images: unknown }> => {
      const { status, json, text } = await server.action(
        'run_ipython',
        { code, include_extra: false, ...more },
        timeout,
      );
      assert.equal(status, 200, text);
      assert.deepEqual([json['observation'], json['success']], ['run_ipython', true]);
      return { content: String(json['content']), images: (json['extras'] as Record<string, unknown>)['image_urls'] };
    };

    it('keeps variables, prints, shows results, errors and pictures', async () => {
      assert.deepEqual(await cell('x = 20'), { content: '[Code executed successfully with no output]', images: null });
      assert.equal((await cell('print("a")\nx + 22')).content, 'a\n42');
      const failed = (await cell('1 / 0')).content;
      assert.match(failed, /ZeroDivisionError: division by zero$/);
      assert.equal(failed.includes('\u001B'), false);
      const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
      const shown = await cell(
        `from IPython.display import Image, display; import base64\ndisplay(Image(base64.b64decode("${png}")))`,
      );
      assert.deepEqual((shown.images as string[])[0]?.startsWith('data:image/png;base64,iVBOR'), true);
    });

    it('goes where the shell is, and says where and with which Python', async () => {
      await server.run('cd /usr');
      const { content } = await cell('import os; print(os.getcwd())', { include_extra: true });
      assert.match(
        content,
        /^\/usr\n\[Jupyter current working directory: \/usr\]\n\[Jupyter Python interpreter: \/.*python.*\]$/,
      );
    });

    it('is interrupted at the timeout, and keeps its variables', async () => {
      assert.equal(
        (await cell('y = 1\nimport time; time.sleep(60)', {}, 1)).content,
        '[Execution timed out (1.0 seconds).]',
      );
      assert.equal((await cell('y')).content, '1');
    });

    it('comes back after the kernel died, and ends with the server', async () => {
      const died = await server.action('run_ipython', { code: 'import os; os._exit(3)' });
      assert.deepEqual([died.status, /the next code gets a new one/.test(died.text)], [500, true]);
      assert.equal((await cell('1 + 1')).content, '2');
      const mark = server.folder;
      await server.stop();
      await waitFor('the end of the kernel', () => (processesWith(mark).length === 0 ? true : undefined));
    });
  });
});
