import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'mocha';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { startDelay } from '../../../bench/delay';
import { eventually } from '../../../eventually';
import { useTerminals } from './useTerminals';

describe('A terminal in a devbox', function () {
  this.timeout(120_000);
  const used = useTerminals('terminal');
  const { api, devbox, terminal, shows, isIn } = used;

  it('runs a shell in the chosen folder, and hides what sets it up', async () => {
    const one = terminal(await devbox(), { folder: "/tmp/it's here" });
    const two = terminal(await devbox(), { folder: '/tmp' });
    await Promise.all([isIn(one, 'open'), isIn(two, 'open')]);
    await shows(two, /tmp/);
    two.session.write('echo "$PWD $COLORTERM $(stty size)"\r');
    await shows(two, /\/tmp truecolor 30 100\r\n/);
    assert.doesNotMatch(two.text, /printf|export/);
    // A folder that is not there is none of the shell's business.
    one.session.write('echo "at $PWD"\r');
    await shows(one, /at \/home\/user\r\n/);
  });

  it('shows characters that frames split, and takes sizes and large pastes', async () => {
    const one = terminal(await devbox());
    await isIn(one, 'open');
    one.session.write("python3 -c 'print(\"€\" * 100000)' 2>/dev/null || printf '€%.0s' $(seq 20000)\r");
    await shows(one, /€{20000}/);
    assert.doesNotMatch(one.text, /\uFFFD/);
    one.session.resize({ cols: 55, rows: 12 });
    one.session.resize({ cols: 44, rows: 11 });
    await eventually(
      async () => {
        one.session.write('stty size\r');
        await new Promise((resolve) => setTimeout(resolve, 100));
        return one.text;
      },
      (text) => text.includes('11 44'),
    );
    one.session.write("stty raw -echo; echo ra''w; head -c 1000000 | sha1sum; stty sane\r");
    await shows(one, /raw\n/);
    one.session.write('x'.repeat(1_000_000));
    await shows(one, new RegExp(createHash('sha1').update('x'.repeat(1_000_000)).digest('hex')));
    assert.deepEqual(one.failures, []);
  });

  it('tells when the shell ends', async () => {
    const one = terminal(await devbox());
    await isIn(one, 'open');
    one.session.write('exit 7\r');
    await isIn(one, 'ended');
  });

  it('finds the same shell again after it was left', async () => {
    const id = await devbox();
    const first = terminal(id, { name: 'kept' });
    await isIn(first, 'open');
    first.session.write('marker=stays; echo "pid $$"\r');
    const pid = /pid (\d+)/.exec(await shows(first, /pid \d+\r\n/))?.[1];
    first.session.dispose();
    const second = terminal(id, { name: 'kept', isKnown: true });
    await isIn(second, 'open');
    const state = second.states.at(-1);
    assert.ok(state?.kind === 'open' && !state.isNew);
    second.session.write('echo "$marker pid $$"\r');
    await shows(second, new RegExp(`stays pid ${pid ?? ''}\r\n`));
  });

  it('shows what was printed while nobody was connected, byte for byte', async () => {
    const id = await devbox();
    const first = terminal(id, { name: 'gap' });
    await isIn(first, 'open');
    await shows(first, /[#$] $/);
    first.session.write('for i in $(seq 400); do printf "%s\\u20ac\\xff\\r\\n" $i; sleep 0.01; done; echo over\r');
    await shows(first, /\n30\u20ac/);
    first.session.dispose();
    const second = terminal(id, { name: 'gap', isKnown: true });
    await isIn(second, 'open');
    const state = second.states.at(-1);
    assert.ok(state?.kind === 'open' && !state.isNew && state.filled === 'all', JSON.stringify(state));
    await shows(second, /\nover\r\n/);
    const numbers = [...second.text.matchAll(/(\d+)\u20ac\ufffd/g)].map(([, number]) => Number(number));
    assert.deepEqual(
      numbers,
      Array.from({ length: 400 }, (_, index) => index + 1),
    );
    assert.match(second.text, /^[^\n]*[#$] for i in/);
    assert.deepEqual(second.failures, []);
  });

  it('shows characters that a cut has split', async () => {
    const id = await devbox();
    const way = await startDelay(Number(new URL(used.baseUrl).port), 0);
    try {
      const one = terminal(id, { api: used.through(way.url) });
      await shows(one, /[#$] $/);
      one.session.write(
        "for i in $(seq 8); do printf '\\xe2\\x82'; until [ -e ~/$i ]; do sleep 0.05; done; printf '\\xac%s\\n' $i; done\r",
      );
      await shows(one, /done\r\n/);
      const ends: string[] = [];
      for (let count = 1; count <= 8; count += 1) {
        const opened = one.states.length;
        way.cut();
        // Half of it comes while nobody is connected, or before the cut; the other half later.
        if (count % 2 === 0) await runCommand(api(), id, `touch ~/${count}`);
        await eventually(
          () => Promise.resolve(one.states.slice(opened)),
          (states) => states.at(-1)?.kind === 'open',
          20_000,
        );
        const state = one.states.at(-1);
        ends.push(state?.kind === 'open' && !state.isNew ? state.filled : 'new');
        await runCommand(api(), id, `touch ~/${count}`);
        await shows(one, new RegExp(`€${count}\r\n`));
      }
      assert.deepEqual([...new Set(ends)], ['all']);
      assert.doesNotMatch(one.text, /\uFFFD/);
    } finally {
      way.close();
    }
  });

  it('is found again when its connection goes while it looks for what it missed', async () => {
    const id = await devbox();
    const way = await startDelay(Number(new URL(used.baseUrl).port), 0);
    try {
      let cuts = 0;
      const cut = ({ method, path }: { readonly method: string; readonly path: string }): void => {
        // Its recording is read by an execution; the connection goes while that is under way, once and then once more.
        if (method === 'post' && path.includes('execut') && (cuts += 1) <= 2) setTimeout(() => way.cut(), 30);
      };
      const through = used.through(way.url, cut);
      const one = terminal(id, { name: 'twice', api: through });
      await isIn(one, 'open');
      await shows(one, /[#$] $/);
      one.session.write('for i in $(seq 200); do echo "n$i."; sleep 0.02; done; echo over\r');
      await shows(one, /\nn5\./);
      way.cut();
      await eventually(
        () => Promise.resolve([cuts, one.states.at(-1)?.kind]),
        ([count, kind]) => Number(count) >= 3 && kind === 'open',
        30_000,
      );
      // Nobody would see what is typed into one that is open and has no connection.
      one.session.write('echo "still $((6 * 7))"\r');
      const text = await shows(one, /still 42\r\n/);
      assert.deepEqual(
        [...text.matchAll(/n(\d+)\.\r\n/g)].map(([, number]) => Number(number)),
        Array.from({ length: 200 }, (_, index) => index + 1),
      );
    } finally {
      way.close();
    }
  });

  it('keeps no more of a flood than it shows, and what it keeps is of the user alone', async () => {
    const id = await devbox();
    const one = terminal(id, { name: 'flooded' });
    await isIn(one, 'open');
    await shows(one, /[#$] $/);
    one.session.write('yes | head -c 30000000; echo; echo done it\r');
    await shows(one, /\ndone it\r\n/);
    const look = 'cd ~/.cache/runloop-vscode/terminals/flooded/* && du -sk . | cut -f1 && stat -c %a .. . [0-9]*';
    const { stdout } = await runCommand(api(), id, look);
    const [kilobytes = '', ...modes] = stdout.trim().split('\n');
    assert.ok(Number(kilobytes) <= 12_100, kilobytes);
    assert.deepEqual([...new Set(modes)].sort(), ['600', '700']);
    one.session.write('exit\r');
    await isIn(one, 'ended');
    assert.equal((await runCommand(api(), id, 'ls ~/.cache/runloop-vscode/terminals')).stdout, '');
  });

  it('waits while somebody else is connected, and goes on when that one leaves', async () => {
    const id = await devbox();
    const first = terminal(id, { name: 'shared' });
    await isIn(first, 'open');
    const second = terminal(id, { name: 'shared', isKnown: true });
    await isIn(second, 'taken');
    first.session.dispose();
    await isIn(second, 'open');
  });

  it('says that the devbox sleeps, and has a new shell when it runs again', async () => {
    const id = await devbox();
    const one = terminal(id);
    await isIn(one, 'open');
    await api().devboxes.suspend(id);
    await isIn(one, 'stopped');
    await api().devboxes.waitForStatus(id, ['suspended'], 20);
    assert.equal(one.session.write('x'), false);
    await api().devboxes.resume(id);
    await api().devboxes.waitForStatus(id, ['running'], 20);
    one.session.retry();
    await isIn(one, 'open');
    const last = one.states.at(-1);
    assert.ok(last?.kind === 'open' && last.isNew && last.wasKnown);
  });

  it('ends the shell when it is asked to', async () => {
    const id = await devbox();
    const one = terminal(id, { name: 'ending' });
    await isIn(one, 'open');
    await one.session.end();
    const again = terminal(id, { name: 'ending', isKnown: true });
    await isIn(again, 'open');
    const last = again.states.at(-1);
    assert.ok(last?.kind === 'open' && last.isNew);
  });

  it('makes a program wait whose output is not taken', async () => {
    const one = terminal(await devbox());
    await isIn(one, 'open');
    one.session.pause();
    one.session.write('yes | head -c 8000000; echo "all of it"\r');
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    assert.ok(one.text.length < 2_000_000);
    one.session.resume();
    await shows(one, /all of it\r\n/);
    assert.ok(one.text.length > 8_000_000);
  });
});
