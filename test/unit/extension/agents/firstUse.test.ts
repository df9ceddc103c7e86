import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'mocha';
import { FakeQuickPick } from '../../../fakeVscode/boxes';
import { useWindow } from '../../../fakeVscode/useWindow';
import { useAgents } from './useAgents';

describe('Agents, when they are first used,', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { view, ready, start, text, click, described } = useAgents(used);

  it('are installed on first use with the output shown, and half of one is never there', async () => {
    const { box, agents } = await ready('installs');
    const { editor } = used;
    const script =
      'mkdir bin; printf "#!/bin/sh\\nexec node /tmp/agent.mjs" >bin/own; chmod +x bin/own; echo installed';
    const offer = (install: string): void =>
      editor.settings.set('runloop.agents', { Example: { run: ['own'], install } });
    offer('mkdir bin; exit 3');
    editor.answer(/^Install Example in installs\?\nmkdir bin; exit 3$/, 'Install');
    await start(await agents(), []);
    await editor.message(/^Example could not be installed\./);
    assert.equal(await box.bash('ls -d ~/.runloop-agents/tools/*[!w] 2>/dev/null; true'), '');
    offer(script);
    editor.answer(/^Install Example in installs\?/, 'Install');
    await start(await agents(), [{ say: 'here' }]);
    await described(agents, /^Example done · here/);
    const output = editor.documents.map(({ uri }) => uri).filter(({ scheme }) => scheme === 'runloop-run');
    assert.match(await text(output.at(-1)), /^Install Example\n\n── installs [^]*\ninstalled\n/);
    assert.equal(output.at(-1)?.path, '/Install Example');
  });

  it('are offered with their versions, and ask again for a folder that is not there', async () => {
    const { agents } = await ready('where');
    const { editor } = used;
    const row = await agents();
    editor.answer(/^Start Agent/, undefined);
    await editor.run('runloop.startAgent', row.row);
    const box = editor.boxes.at(-1);
    assert.ok(box instanceof FakeQuickPick);
    const offered = box.items.map(({ label, description = '' }) => `${label} ${description}`);
    assert.deepEqual(offered.slice(3), ['OpenCode 1.18.33', 'Example node /tmp/agent.mjs']);
    editor.answer(/^Start Agent/, 'Example');
    editor.answer(/The folder in the devbox where it works/, '~/wrok');
    editor.answer(/\nThe folder ~\/wrok is not in the devbox\. Choose another folder\./, undefined);
    await editor.run('runloop.startAgent', row.row);
    assert.equal(editor.inputs.at(-1)?.value, '~/wrok');
  });

  it('have failed where they do not start', async () => {
    const { agents } = await ready('fails');
    const { editor } = used;
    editor.settings.set('runloop.agents', { Example: { run: ['no-such-program'] } });
    const row = await agents();
    await start(row, [{ say: 'typed' }]);
    await editor.message(
      /^Example could not be started, because the devbox has no command no-such-program\. Check “run”/,
    );
    const settings: unknown[] = [];
    editor.commands.set('workbench.action.openSettings', (name) => settings.push(name));
    editor.answer(/^Example could not be started/, 'Open Settings');
    await start(row, []);
    await editor.eventually(() => settings.length > 0);
    assert.deepEqual(settings, ['runloop.agents']);
    await described(agents, /^Example failed/);
    await click((await view().rows(row.row))[0] ?? assert.fail());
    assert.match(
      await text(editor.documents.at(-1)?.uri),
      /\nThis agent ended before it had begun a session\. You can/,
    );
  });

  it('get a key in their environment alone, and nobody finds it beside them', async () => {
    const { box, agents } = await ready('keys', ['EXAMPLE_KEY']);
    used.editor.answer(/The value of EXAMPLE_KEY/, 'hush-4711');
    // What another user of the devbox sees of processes, all the time.
    await box.bash(
      `setsid -f bash -c 'while [ -e ~/work ]; do cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\0" "\\n" | grep -a "[h]ush-4711" >>~/seen; echo >>~/looks; sleep 0.02; done' </dev/null >/dev/null 2>&1`,
    );
    await start(await agents(), [{ run: 'printf %s "$EXAMPLE_KEY" | sha256sum | cut -c 1-8 > seen' }]);
    assert.equal(used.editor.inputs.at(-1)?.password, true);
    await described(agents, /needs you/);
    const [request] = await view().rows((await view().rows((await agents()).row))[0]?.row);
    assert.ok(request);
    used.editor.answer(/^Example in keys/, 'Allow Once');
    await click(request);
    await described(agents, /^Example done/);
    // By the test itself: a command in the devbox would name it.
    const digest = createHash('sha256').update('hush-4711').digest('hex').slice(0, 8);
    assert.equal(await box.bash('cat work/seen'), `${digest}\n`);
    // Patterns that are not what they find.
    const found = await box.bash(
      "grep -rl '[h]ush-4711' ~/.runloop-agents /tmp; cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -a '[h]ush-4711'; " +
        'find ~/.runloop-agents -name "keys-*"',
    );
    assert.equal(found, '');
    assert.equal(await box.bash('cat ~/seen'), '');
    assert.ok((await box.bash('cat ~/looks')).length > 10);
    const logs = JSON.stringify(used.editor.channels.map(({ text: all }) => all));
    const kept = JSON.stringify([[...used.editor.globalState.keys()].map((key) => used.editor.globalState.get(key))]);
    assert.ok(!logs.includes('hush-4711') && !kept.includes('hush-4711'));
  });
});
