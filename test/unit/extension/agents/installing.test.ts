import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { orderFaults } from '../../../platform/orderedFaults';
import { useAgents } from './useAgents';

describe('Installing an agent from the view', function () {
  this.timeout(120_000);
  const used = useWindow({ platform: ['--fault-control'] });
  const { ready, start, text } = useAgents(used);

  /** A devbox in which an installation is under way, which never ends by itself. */
  async function installing(name: string) {
    const { editor } = used;
    const { box, agents } = await ready(name);
    const install = 'setsid sleep 4711 & touch half; echo begun; sleep 4712';
    editor.settings.set('runloop.agents', { Example: { run: ['own'], install } });
    editor.answer(/^Install Example in /, 'Install');
    editor.messages.length = 0;
    const starting = start(await agents(), []);
    await eventually(
      () => box.bash('cat ~/.runloop-agents/tools/*.new/half && echo there || true'),
      (text) => text === 'there\n',
    );
    const shown = editor.progress.find(({ title, isOver }) => !isOver && title === 'Installing Example…');
    return { box, starting, shown: shown ?? assert.fail(), editor };
  }
  const left = 'ls -A ~/.runloop-agents/tools; pgrep -af "[s]leep 471" || true';

  it('has a Cancel that ends its processes, removes its folder, and says so', async () => {
    const { box, starting, shown, editor } = await installing('cancelled');
    assert.ok(shown.isCancellable);
    shown.cancel();
    await starting;
    await editor.message(/^The installation of Example was stopped\. Nothing of it is left in cancelled but /);
    assert.equal(await box.bash(left), '');
  });

  it('does the same where it is stopped from its output, or its shell is killed', async () => {
    const first = await installing('stopped');
    await first.editor.run('runloop.stopCommand', first.editor.documents.at(-1)?.uri);
    await first.starting;
    await first.editor.message(/^The installation of Example was stopped\. Nothing/);
    assert.equal(await first.box.bash(left), '');
    const second = await installing('killed');
    await second.box.bash('kill -9 $(pgrep -f "[o]wn-.*[.]new.* && cd"); pkill -f "[s]leep 471"; true');
    await second.starting;
    await second.editor.message(/^Example could not be installed\./);
    assert.equal(await second.box.bash(left), '');
  });

  it('shows an end of what an installer prints, without what is secret or would write elsewhere', async () => {
    const { editor } = used;
    const { agents } = await ready('loud');
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const install = `head -c 40000000 /dev/zero | tr '\\0' x; echo; yes 'npm warn deprecated' | head -n 300000; printf '\\033]0;title\\007\\033[2J//registry.npmjs.org/:_authToken=%s\\n' ${token}; echo end; exit 3`;
    editor.settings.set('runloop.agents', { Example: { run: ['own'], install } });
    editor.answer(/^Install Example in /, 'Install');
    await start(await agents(), []);
    await editor.message(/^Example could not be installed\. Look at what its installer has printed/);
    const all = await text(editor.documents.findLast(({ uri }) => uri.scheme === 'runloop-run')?.uri);
    assert.match(all, /^Install Example\n[^]*\nend\n$/);
    assert.ok(all.length < 500_000, String(all.length));
    assert.ok(!all.includes(token) && !all.includes('\u001b') && !all.includes('\u0007'));
    const logs = JSON.stringify(editor.channels.map((one) => one.text));
    assert.ok(!logs.includes(token));
  });

  it('says that it may still be running where it could not be stopped', async () => {
    const { starting, shown, editor } = await installing('goes on');
    const path = '/v1/devboxes/*/executions/*/kill';
    await orderFaults(used.platform, { fault: 'status', status: 409, method: 'POST', path });
    shown.cancel();
    await starting;
    await editor.message(/^The installation of Example could not be stopped, and may still be running in goes on\./);
    await orderFaults(used.platform);
  });
});
