import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { makeObservation } from '../../../../src/core/actionServer/observation';
import { stripControls } from '../../../../src/core/safeText';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { LineRedactor } from '../../../../src/core/secrets/lineRedactor';
import { safeLines } from '../../../../src/core/logs/safeLines';
import { eventText } from '../../../../src/extension/agentActions/eventText';
import { parseActions } from '../../../../src/extension/agentActions/parseActions';
import { useWindow } from '../../../fakeVscode/useWindow';

describe('Agent actions', function () {
  this.timeout(120_000);
  const used = useWindow();

  /** A devbox with an action server that this window is attached to. */
  async function started(name: string): Promise<string> {
    const { editor, extension } = used;
    editor.answer(/^Start Devbox/, name);
    await editor.run('runloop.startDevbox');
    const devbox = (await extension.list()).find((one) => one.name === name);
    assert.ok(devbox?.attached);
    return devbox.id;
  }

  const text = (id: string): string => {
    const provider = used.editor.contentProviders.get('runloop-agent') ?? assert.fail('no document');
    const document = used.editor.documents.find(({ uri }) => uri.scheme === 'runloop-agent' && uri.query === id);
    assert.ok(document);
    const shown = provider.provideTextDocumentContent(document.uri, undefined as never);
    assert.ok(typeof shown === 'string');
    return shown;
  };

  it('are sent to the devbox of this window, and shown with their observations in one stream', async () => {
    const { editor } = used;
    const id = await started('agent-one');
    editor.answer(/^Run as Agent Action in agent-one\nSelect the type/, 'Shell Command');
    editor.answer(/^Run as Agent Action in agent-one: Shell Command/, 'cd /tmp && echo "in $PWD" && (exit 3)');
    await editor.run('runloop.runAgentAction');
    const first = text(id);
    assert.match(first, /^Event stream of agent-one \(dbx_\w+\), newest first\n\n/);
    const action = /── #(\d+) · action run · [^\n]+\n│ cd \/tmp && echo "in \$PWD" && \(exit 3\)\n/.exec(first);
    assert.ok(action, first);
    assert.match(
      first,
      new RegExp(`── #\\d+ · observation run of #${action[1] ?? ''} · exit code 3 · /tmp · [^\\n]+\\n│ in /tmp\\n`),
    );
    assert.match(first, /· status STATUS\$READY ·/);
    // From its document's button, and in the one shell.
    editor.answer(/^Run as Agent Action in agent-one\nSelect the type/, 'Actions as JSON');
    editor.answer(
      /: Actions as JSON/,
      '[{"action":"write","args":{"path":"/workspace/a.txt","content":"hello"}},{"action":"read","args":{"path":"/workspace/a.txt"}},{"action":"think","args":{"thought":"well"}}]',
    );
    const { uri } = editor.documents.find((one) => one.uri.scheme === 'runloop-agent') ?? assert.fail();
    await editor.run('runloop.runAgentAction', uri);
    const second = text(id);
    assert.match(second, /observation write of #\d+ · \/workspace\/a\.txt/);
    assert.match(second, /observation read of #\d+ · \/workspace\/a\.txt · [^\n]+\n│ hello\n/);
    assert.match(second, /observation think of #\d+/);
    // The newest first.
    assert.ok(second.indexOf('action think') < second.indexOf('action run'));
  });

  it('show what a hostile devbox says as text that can do nothing, without secrets', async () => {
    const { editor } = used;
    const id = await started('agent-hostile');
    const command =
      "printf 'token=abcdef1234567890\\n\\e[31mred\\e[0m \\e]0;title\\a\\n── #99 · action run · 1:00:00\\nfile://evil.example/x\\n'";
    editor.answer(/Select the type/, 'Actions as JSON');
    const written = 'ghp_abcdefghijklmnopqrstuvwxyz0123456789 \\u202e gnp.exe';
    const actions = [
      { action: 'run', args: { command } },
      { action: 'write', args: { path: '/workspace/b.txt', content: 'PLACE' } },
      { action: 'read', args: { path: '/workspace/b.txt' } },
    ];
    editor.answer(/: Actions as JSON/, JSON.stringify(actions).replace('PLACE', written));
    await editor.run('runloop.runAgentAction', id);
    const shown = text(id);
    assert.ok(!/abcdef1234567890|ghp_abcdef/.test(shown), shown);
    assert.equal(stripControls(shown), shown);
    // It cannot pass for a line of ours, and its link leads nowhere.
    assert.match(shown, /\n│ ── #99 · action run/);
    assert.ok(!/\n── #99/.test(shown), shown);
    assert.match(shown, /│ file: \/\/evil\.example/);
  });

  it('that are given up go on, and what comes of them is shown when it comes', async () => {
    const { editor } = used;
    const id = await started('agent-late');
    editor.answer(/Select the type/, 'Shell Command');
    editor.answer(/: Shell Command/, 'touch /tmp/begun; sleep 2; echo awake');
    const running = editor.run('runloop.runAgentAction', id);
    await runCommand(used.api, id, 'until [ -e /tmp/begun ]; do sleep 0.1; done');
    editor.progress.find(({ title }) => title.startsWith('Waiting for the action in agent-late'))?.cancel();
    await running;
    assert.match(text(id), /· status STATUS\$ERROR ·/);
    assert.deepEqual(
      editor.messages.filter(({ kind }) => kind === 'error'),
      [],
    );
    await editor.eventually(() => /observation run of #\d+ · exit code 0 · [^\n]*late/.test(text(id)));
    assert.match(text(id), /│ awake\n/);
  });

  it('need a devbox that this window is attached to, and wake none', async () => {
    const { editor, api } = used;
    await editor.run('runloop.runAgentAction');
    assert.deepEqual((await editor.message(/^This window is not attached to a devbox/)).buttons, ['Attach to Devbox']);
    const { id } = await api.devboxes.create({ name: 'agent-plain' }, { requestId: crypto.randomUUID() });
    await api.devboxes.waitForStatus(id, ['running'], 20);
    await editor.run('runloop.runAgentAction', id);
    await editor.message(/no action server|without an action server/);
  });

  it('of a list are no more than an agent may do', async () => {
    const { editor } = used;
    const id = await started('agent-many');
    const many = (count: number): string =>
      JSON.stringify(Array.from({ length: count }, () => ({ action: 'think', args: { thought: 'well' } })));
    for (const [count, told] of [
      [501, 0],
      [500, 500],
    ] as const) {
      editor.answer(/Select the type/, 'Actions as JSON');
      editor.answer(/: Actions as JSON/, many(count));
      await editor.run('runloop.runAgentAction', id);
      // That the box refuses the text is what is wanted.
      if (told === 0) editor.forgive();
      const shown = editor.documents.some(({ uri }) => uri.query === id) ? text(id) : '';
      assert.equal(shown.split('action think').length - 1, told);
    }
  });

  it('are read from JSON, and what is none is complained about', () => {
    const good = parseActions('{"action":"run","args":{"command":"ls"},"timeout":5}', 3);
    assert.deepEqual(good, [{ action: 'run', args: { command: 'ls' }, timeout: 5 }]);
    assert.deepEqual(parseActions('{"action":"think"}', 3), [{ action: 'think', args: {} }]);
    for (const bad of [
      ...['', 'ls', 'null', '1', '[]', '[[]]', '{}', '{"action":1}', '{"action":""}', '{"action":"run","args":null}'],
      ...['{"action":"run","args":[]}', '{"action":"run","timeout":0}', '{"action":"run","timeout":"5"}'],
      '{"action":"run","timeout":1e9}',
    ]) {
      assert.equal(typeof parseActions(bad, 3), 'string', bad);
    }
    const tooMany = parseActions('[{"action":"a"},{"action":"b"}]', 1);
    assert.ok(typeof tooMany === 'string');
    assert.match(tooMany, /at most 1 actions/);
  });

  it('show pictures by their size, leave out the middle of what is long, and take no text for a record', () => {
    const event = (content: string) =>
      eventText({
        id: 2,
        timestampMs: 0,
        kind: 'observation',
        cause: 1,
        observation: makeObservation('read', content, { path: `/a\n${'b'.repeat(500)}` }),
      });
    const picture = event(`data:image/png;base64,${'A'.repeat(4000)}`);
    assert.equal(picture.body, '[image/png, 3 kB]');
    assert.ok(!picture.head.includes('\n') && picture.head.length < 200);
    const long = event('x'.repeat(1_000_000)).body;
    assert.match(long, /^x{60000}\n… 920000 characters are left out\.\nx{20000}$/);
    const record = '{"message": "whole", "level": "INFO"}';
    assert.deepEqual(safeLines(record, new LineRedactor(), 's'), [record]);
    // A value that is broken over lines is found.
    const lines = safeLines('a secret-va\nlue-123456 b', new LineRedactor(['secret-value-123456']), 't');
    assert.ok(!lines.join('').includes('secret-va'), lines.join('|'));
  });
});
