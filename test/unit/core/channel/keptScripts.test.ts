import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'mocha';
import { ExecutionCommands } from '../../../../src/core/channel/executionCommands';
import { KeptScripts } from '../../../../src/core/channel/keptScripts';
import { RunloopApi } from '../../../../src/core/platform/runloopApi';
import { CountingProxy } from '../../../platform/countingProxy';
import { usePlatform } from '../../../platform/usePlatform';

describe('A script that is kept in a devbox', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const open: CountingProxy[] = [];
  afterEach(async () => {
    for (const proxy of open.splice(0)) await proxy.stop();
  });
  const call = { signal: new AbortController().signal, deadlineMs: 50_000, beforeFetch: () => Promise.resolve() };
  /** Says what it reads, and that it ran. */
  const script = `# ${'A quote of its own: ('.repeat(400)}\necho "it's $(cat)"; echo ran >> ~/ran; exit 7`;
  const places = '"/var/tmp/.runloop-devboxes-$EUID" "/tmp/.runloop-devboxes-$EUID" "$HOME/.runloop-devboxes-$EUID"';

  async function devbox(): Promise<{
    readonly proxy: CountingProxy;
    /** @returns what the script has printed, and how many requests and bytes that took */
    readonly said: (scripts: KeptScripts, word: string) => Promise<{ text: string; count: number; bytes: number }>;
    readonly scripts: KeptScripts;
    readonly ask: (command: string) => Promise<string>;
  }> {
    const { id } = await used.api.devboxes.create({ name: 'keeping' }, { requestId: crypto.randomUUID() });
    await used.api.devboxes.waitForStatus(id, ['running'], 20);
    const proxy = await CountingProxy.start(used.platform.baseUrl);
    open.push(proxy);
    const commands = new ExecutionCommands(
      new RunloopApi({ apiKey: used.platform.apiKey, baseUrl: proxy.baseUrl }),
      id,
    );
    return {
      proxy,
      scripts: new KeptScripts(commands),
      said: async (scripts, word) => {
        proxy.reset();
        const { stdout, exitCode } = await scripts.run(script, { ...call, stdin: Buffer.from(word) }, 'true\n');
        assert.equal(exitCode, 7);
        return { text: Buffer.from(stdout).toString(), count: proxy.count, bytes: proxy.bytes };
      },
      ask: async (command) => {
        const { stdout } = await new ExecutionCommands(used.api, id).run(command, { ...call, beforeFetch: undefined });
        return Buffer.from(stdout).toString();
      },
    };
  }

  it('is sent once', async () => {
    const { said, scripts, ask } = await devbox();
    const [first, second] = [await said(scripts, 'one'), await said(scripts, 'two')];
    assert.deepEqual([first.text, second.text, first.count, second.count], ["it's one\n", "it's two\n", 1, 1]);
    assert.ok(first.bytes > script.length, `${first.bytes}`);
    assert.ok(second.bytes < 4_000, `${second.bytes} bytes`);
    assert.equal(
      await ask('stat -c %a /var/tmp/.runloop-devboxes-$EUID /var/tmp/.runloop-devboxes-$EUID/.scripts'),
      '700\n700\n',
    );
    assert.equal(await ask('ls -A /var/tmp/.runloop-devboxes-$EUID/.scripts | wc -l'), '1\n');
  });

  it('is sent again where it is gone, and runs once', async () => {
    const { said, scripts, ask } = await devbox();
    await said(scripts, 'one');
    await ask('rm -rf /var/tmp/.runloop-devboxes-$EUID');
    const again = await said(scripts, 'two');
    assert.deepEqual([again.text, again.count], ["it's two\n", 2]);
    assert.deepEqual([(await said(scripts, 'three')).count, await ask('cat ~/ran')], [1, 'ran\nran\nran\n']);
  });

  it('does not run where something else stands in its place, and is put there again', async () => {
    const { said, scripts, ask } = await devbox();
    const at = '/var/tmp/.runloop-devboxes-$EUID/.scripts';
    for (const other of [
      `cd ${at}; for f in *; do { echo 'touch ~/bad'; cat "$f"; } > ~/x; mv ~/x "$f"; done`,
      `cd ${at}; for f in *; do printf '\\ntouch ~/bad' >> "$f"; done`,
      `cd ${at}; for f in *; do rm "$f"; mkdir "$f"; done`,
      `cd ${at}; for f in *; do rm -r "$f"; echo 'touch ~/bad' > ~/x; ln -s ~/x "$f"; done`,
    ]) {
      await said(scripts, 'one');
      await ask(other);
      assert.equal((await said(scripts, 'two')).text, "it's two\n");
    }
    assert.equal(await ask('ls ~/bad 2>/dev/null; cat ~/x'), 'touch ~/bad\n');
  });

  it('is put into no folder of somebody else, and through no link', async () => {
    const { said, scripts, ask } = await devbox();
    const others =
      'mkdir ~/others; ln -s ~/others /var/tmp/.runloop-devboxes-$EUID; mkdir -p "/tmp/.runloop-devboxes-$EUID"';
    await ask(`${others}; ln -s ~/others "/tmp/.runloop-devboxes-$EUID/.scripts"`);
    await said(scripts, 'one');
    assert.equal((await said(scripts, 'two')).count, 1);
    assert.equal(await ask('find ~/others -type f; ls -A "$HOME/.runloop-devboxes-$EUID/.scripts" | wc -l'), '1\n');
  });

  it('is sent each time, by one request, where there is no place to keep it', async () => {
    const { said, scripts, ask } = await devbox();
    await ask(`for one in ${places}; do echo no > "$one"; done`);
    const counts: number[] = [];
    for (let count = 0; count < 8; count += 1) {
      const { text, count: requests } = await said(scripts, `${count}`);
      assert.equal(text, `it's ${count}\n`);
      counts.push(requests);
    }
    assert.deepEqual(counts, [1, 2, 2, 2, 2, 1, 1, 1]);
    assert.equal(await ask(`cat ${places}; wc -l < ~/ran`), 'no\nno\nno\n8\n');
  });
});
