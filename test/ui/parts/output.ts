import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RunloopApi } from '../../../src/core/platform/runloopApi';
import { eventually } from '../../eventually';
import type { UiTests } from '../sharedWindow';
import type { UiSession } from '../uiSession';

/** What a hostile or careless program may print. */
const lines = String.raw`printf '\033[31mred\033[0m \033]8;;https://evil.example\007click\033]8;;\007 end\n'; printf 'over\rwritten \007 bell \0 nul\n'
echo 'see file://evil/share and command:workbench.action.quit and https://github.com@evil.example/x'
echo "variable $MY_TOKEN and ak_leaked_0123456789 and Bearer abcdefghijk and http://localhost:4445/?tkn=vscodetoken"
echo '03:25:54 - openhands:WARNING: a.py:1 - take care'
echo '{"message": "as JSON", "level": "ERROR", "timestamp": "t"}'
printf '03:25:55 - openhands:ERROR: a.py:2 - it broke\nTraceback (most recent call last):\n  File "x.py", line 1, in <module>\n    work()\nValueError: no good\n'
echo '03:25:56 - openhands:DEBUG: a.py:3 - a detail'
printf -- '-----BEGIN PRIVATE KEY-----\nMIIEabcdef\n-----END PRIVATE KEY-----\n'`;

export const outputOfDevbox: UiTests = (useWindow) =>
  describe('The output of a devbox', function () {
    this.timeout(120_000);
    const session = useWindow();
    let id = '';

    const api = ({ platform }: UiSession): RunloopApi =>
      new RunloopApi({ apiKey: platform.apiKey, baseUrl: platform.baseUrl });
    const show = (): Promise<unknown> =>
      session().api.evaluate(async (vscode, devboxId) => {
        await vscode.commands.executeCommand('runloop.showOutput', devboxId);
      }, id);
    const closePanel = (): Promise<unknown> =>
      session().api.evaluate(async (vscode) => {
        await vscode.commands.executeCommand('workbench.action.closePanel');
      });
    const text = (): Promise<string> => session().outputText('Runloop: talker');
    const has = async (...parts: string[]): Promise<string> =>
      eventually(text, (seen) => parts.every((part) => seen.includes(part)));

    it('shows what setup, entrypoint, and executions print, with levels, tracebacks as one, and nothing that does harm', async () => {
      const { workbench } = session();
      const runloop = api(session());
      const made = await runloop.devboxes.create(
        {
          name: 'talker',
          entrypoint: `${lines}\ni=0; while :; do i=$((i+1)); echo tick $i; sleep 0.2; done`,
          environment_variables: { MY_TOKEN: 'plain' },
          launch_parameters: { launch_commands: ['echo from setup'] },
        },
        { requestId: crypto.randomUUID() },
      );
      id = made.id;
      await show();
      await runloop.devboxes.waitForStatus(id, ['running'], 20);
      await runloop.executions.start(id, 'echo from an execution; echo careful >&2');
      const seen = await has(
        'from setup',
        'take care',
        'no good',
        'from an execution',
        'careful',
        'private key removed',
      );
      assert.match(seen, /\[warning\] \[entrypoint\] take care/);
      assert.match(seen, /\[error\] \[entrypoint\] as JSON/);
      assert.match(
        seen,
        /\[error\] \[entrypoint\] it broke\n {4}Traceback \(most recent call last\):\n {6}File "x\.py", line 1, in <module>\n {8}work\(\)\n {4}ValueError: no good\n/,
      );
      assert.match(seen, /red click end/);
      const controls = Array.from(seen.replaceAll('\r\n', '\n')).filter(
        (char) => char !== '\n' && char !== '\t' && (char < ' ' || char === '\u007f'),
      );
      assert.deepEqual(controls, []);
      for (const harm of [
        'file://',
        'github.com@',
        'evil.example\u0007',
        'ak_leaked_0123456789',
        'abcdefghijk',
        'vscodetoken',
        'MIIEabcdef',
      ]) {
        assert.ok(!seen.includes(harm), harm);
      }
      await workbench.screenshot('output-1-lines');
    });

    it('pauses while nobody looks, and catches up with every line when shown again', async () => {
      const before = await has('tick 5');
      await closePanel();
      const last = ticks(before).at(-1) ?? 0;
      // The settings pause it after three seconds; then thirty more lines are written unseen.
      const runloop = api(session());
      await eventually(
        async () => (await runloop.logs.newest(id)).filter(({ text: line }) => line.startsWith('tick ')).length,
        (count) => count > last + 60,
      );
      await show();
      const after = await eventually(text, (seen) => (ticks(seen).at(-1) ?? 0) > last + 62);
      const seen = ticks(after);
      assert.deepEqual(
        seen,
        seen.map((_, index) => index + 1),
      );
      // The channel's own clock tells when a line was written into it: what came in the pause came at once.
      const perSecond = new Map<string, number>();
      for (const [, second = ''] of after.matchAll(/^(\S+ \d\d:\d\d:\d\d)\.\d+ \[info\] \[entrypoint\] tick/gm)) {
        perSecond.set(second, (perSecond.get(second) ?? 0) + 1);
      }
      assert.ok(Math.max(...perSecond.values()) >= 20, JSON.stringify([...perSecond]));
      await session().workbench.screenshot('output-2-caught-up');
    });

    it('goes on in one channel after a reload, with the history once', async () => {
      const { workbench } = session();
      await workbench.reload();
      await show();
      const seen = ticks(await has('from setup', 'tick 70'));
      assert.deepEqual(
        seen,
        seen.map((_, index) => index + 1),
      );
      await workbench.screenshot('output-3-reloaded');
      await api(session()).devboxes.shutdown(id);
      await has('The devbox has ended. This is its complete output.');
      await show();
      await session().workbench.page.waitForTimeout(1_000);
      assert.equal((await text()).split('The devbox has ended. This is its complete output.').length, 2);
    });

    it('shows what the kernel says when a devbox runs out of memory', async () => {
      const eater = `exec node -e 'const kept = []; for (let i = 0; i < 24; i++) kept.push(Buffer.alloc(50 * 2 ** 20, 1)); setTimeout(() => process.exit(3), 5000)'`;
      const body = { name: 'eater', entrypoint: eater, launch_parameters: { resource_size_request: 'X_SMALL' } };
      ({ id } = await api(session()).devboxes.create(body, { requestId: crypto.randomUUID() }));
      await show();
      const seen = await eventually(
        () => session().outputText('Runloop: eater'),
        (output) => output.includes('This is its complete output'),
      );
      assert.match(seen, /\[error\] \[kmsg\] Out of memory: the devbox used/);
    });
  });

function ticks(text: string): number[] {
  return [...text.matchAll(/\] tick (\d+)/g)].map(([, tick]) => Number(tick));
}
