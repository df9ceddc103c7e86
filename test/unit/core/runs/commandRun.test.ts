import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RuntimeError } from '../../../../src/core/errors';
import type { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { runCommandShown } from '../../../../src/core/runs/commandRun';
import { eventually } from '../../../eventually';
import { orderFaults } from '../../../platform/orderedFaults';
import { usePlatform } from '../../../platform/usePlatform';

describe('A command that a person runs in a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform('--fault-control');

  async function devbox(): Promise<string> {
    const { id } = await used.api.devboxes.create({ name: 'runs' }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    return id;
  }

  function run(
    devboxId: string,
    command: string,
    options: { signal?: AbortSignal; secrets?: readonly string[] } = {},
  ): { readonly lines: string[]; readonly end: Promise<number | undefined> } {
    const lines: string[] = [];
    const end = runCommandShown(used.api, devboxId, command, {
      signal: options.signal ?? new AbortController().signal,
      secrets: { known: () => Promise.resolve(options.secrets ?? []) },
      show: (groups) => lines.push(...groups.flatMap(({ text }) => text.split('\n'))),
      onLess: (less) => assert.fail(less),
    });
    end.catch(() => undefined);
    return { lines, end };
  }

  it('tells its exit status, and every line of both outputs once, without secrets', async () => {
    const id = await devbox();
    const { lines, end } = run(id, 'seq 3000; echo "it is hunter2xyz" >&2; printf "no end of line"; exit 7', {
      secrets: ['hunter2xyz'],
    });
    assert.equal(await end, 7);
    const numbers = lines.filter((line) => /^\d+$/.test(line)).map(Number);
    assert.deepEqual(
      numbers,
      Array.from({ length: 3000 }, (_, index) => index + 1),
    );
    assert.ok(lines.includes('it is [removed]'), lines.slice(-3).join());
    assert.ok(lines.includes('no end of line'));
    assert.doesNotMatch(lines.join('\n'), /hunter2xyz/);
  });

  it('shows lines while it runs, and ends it where somebody gives up', async () => {
    const id = await devbox();
    const stop = new AbortController();
    const { lines, end } = run(id, 'echo begun; sleep 300 & echo $! > /tmp/child; wait', { signal: stop.signal });
    await eventually(
      () => Promise.resolve(lines),
      (seen) => seen.includes('begun'),
    );
    stop.abort();
    await assert.rejects(end, (error) => RuntimeError.is(error, 'cancelled'));
    const looked = run(id, 'kill -0 $(cat /tmp/child) 2>/dev/null && echo lives || echo gone');
    await looked.end;
    assert.deepEqual(looked.lines, ['gone']);
  });

  it('is ended with what has left its process group, and with nothing else', async () => {
    const id = await devbox();
    const stop = new AbortController();
    const other = run(id, 'echo $$ > /tmp/other; while [ ! -e /tmp/go ]; do sleep 0.05; done; exit 5');
    const leaving = (name: string, how: string): string => `${how} bash -c 'echo $$ > /tmp/${name}; sleep 300; :' &`;
    const { lines, end } = run(
      id,
      `${leaving('session', 'setsid')} (${leaving('daemon', 'setsid nohup')} ) ; ${leaving('group', '')} ` +
        `(set -m; ${leaving('job', '')} ); until [ "$(ls /tmp/session /tmp/daemon /tmp/group /tmp/job /tmp/other | wc -l)" = 5 ]; do sleep 0.05; done; echo begun; wait; sleep 300`,
      { signal: stop.signal },
    );
    await eventually(
      () => Promise.resolve(lines),
      (seen) => seen.includes('begun'),
    );
    stop.abort();
    await assert.rejects(end, (error) => RuntimeError.is(error, 'cancelled'));
    const looked = run(
      id,
      'for name in session daemon group job other; do kill -0 $(cat /tmp/$name) 2>/dev/null && echo $name lives || echo $name gone; done; touch /tmp/go',
    );
    await looked.end;
    assert.deepEqual(looked.lines, ['session gone', 'daemon gone', 'group gone', 'job gone', 'other lives']);
    assert.equal(await other.end, 5);
  });

  it('is told in the log as the person has written it', async () => {
    const id = await devbox();
    await run(id, 'echo "as written"').end;
    const entries = await used.api.logs.newest(id);
    assert.deepEqual(
      entries.flatMap(({ command, text }) => (command === undefined ? [] : [[command, text]])),
      [['echo "as written"', '$ echo "as written"']],
    );
  });

  it('may be anything that a shell takes, and print anything', async () => {
    const id = await devbox();
    const odd: readonly (readonly [command: string, status: number, ...lines: readonly string[]])[] = [
      [`echo 'a"b' "c'd" \\\\ $'e\\tf'`, 0, `a"b c'd \\ e\tf`],
      ['echo one\necho two\n', 0, 'one', 'two'],
      ['\n\ncat <<END # 中文\n$((40 + 2)) €\nEND', 0, '42 €'],
      ["printf '\\377\\376 abc \\200'; exit 200", 200, '\ufffd\ufffd abc \ufffd'],
      ["printf 'a\\0b\\r\\n'; printf '\\033]52;c;eA==\\a\\033]0;t\\a\\033[31mred\\033[0m'", 0, 'ab', 'red'],
      ['sleep 300 & echo begun', 0, 'begun'],
      ['read -r line; echo "[$line]"', 0, '[]'],
      ['kill -9 $$', 137],
      ['exec true', 0],
    ];
    for (const [command, status, ...wanted] of odd) {
      const { lines, end } = run(id, command);
      assert.deepEqual([await end, ...lines], [status, ...wanted], command);
    }
    const { lines, end } = run(id, "head -c 1000000 /dev/zero | tr '\\0' x; echo");
    assert.equal(await end, 0);
    assert.equal(lines.join(''), 'x'.repeat(1_000_000));
  });

  it('shows nothing of a secret that comes in pieces, at the place where a long line is broken too', async () => {
    const id = await devbox();
    const secrets = ['hunter2xyz'];
    const pieces = 'printf hunt; sleep 0.3; printf er2xyz; echo';
    assert.deepEqual(await shown(run(id, pieces, { secrets })), '[removed]');
    // Its first characters are the last ones that a piece of the line has room for.
    const broken = "printf '%65530s'; printf hunter2; sleep 0.5; printf xyz; echo ' end'";
    assert.equal((await shown(run(id, broken, { secrets }))).trim(), '[removed] end');
  });

  async function shown({ lines, end }: ReturnType<typeof run>): Promise<string> {
    await end;
    return lines.join('');
  }

  it('goes on after cuts with every line once', async () => {
    const id = await devbox();
    const path = '/v1/devboxes/*/executions/*/stream_stdout_updates';
    await orderFaults(used.platform, ...[0, 1, 2].map((events) => ({ fault: 'half_stream', path, count: 1, events })));
    const { lines, end } = run(
      id,
      'for i in $(seq 1000); do echo "line $i"; [ $((i % 100)) = 0 ] && sleep 0.05; done; true',
    );
    assert.equal(await end, 0);
    assert.deepEqual(
      lines,
      Array.from({ length: 1000 }, (_, index) => `line ${index + 1}`),
    );
  });

  it('is not started where the devbox sleeps, which is told', async () => {
    const api: RunloopApi = used.api;
    const id = await devbox();
    await api.devboxes.suspend(id);
    await api.devboxes.waitForStatus(id, ['suspended'], 20);
    await assert.rejects(run(id, 'true').end, (error) => RuntimeError.is(error));
    assert.equal((await api.devboxes.retrieve(id)).status, 'suspended');
  });
});
