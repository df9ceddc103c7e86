import assert from 'node:assert/strict';
import { isDeepStrictEqual } from 'node:util';
import { describe, it } from 'mocha';
import { eventually } from '../../../eventually';
import { useWindow } from '../../../fakeVscode/useWindow';
import { TabInputText, Uri } from '../../../fakeVscode/values';
import { line, type Shown } from '../changes/useChangeRows';
import { useAgents } from './useAgents';

describe('Agents in the view', function () {
  this.timeout(120_000);
  const used = useWindow();
  const { below, lines, view, ready, start, text, document, run, click, described } = useAgents(used);

  it('wait in their rows, are answered from there with nothing chosen beforehand, and do only what is allowed', async () => {
    const { box, agents } = await ready('asks');
    const { editor } = used;
    await start(await agents(), [{ run: 'touch yes' }, { run: 'touch no' }, { say: 'all \u001b[31mdone' }]);
    assert.deepEqual(await described(agents, /needs you/), ['Example needs you · touch yes · just now']);
    assert.match((await agents()).item.description?.toString() ?? '', /^need you: 1$/);
    await editor.eventually(() => view().badge?.value === 1);
    // Which devbox it is tells its own row, also where it is closed.
    const own = async (): Promise<string> =>
      (await Promise.all((await view().rows()).map(({ row }) => view().rows(row)))).flat().map(line).join('\n');
    assert.match(await own(), /^asks 1 agent needs you · /m);
    await editor.message(/^Example in asks needs you: touch yes/);
    const session = (await view().rows((await agents()).row))[0];
    const [request] = await view().rows(session?.row);
    assert.equal(request === undefined ? '' : line(request), 'touch yes waits for your answer');
    assert.ok(request);
    // Enter, without a look at what is offered; the question lies over the top of what it is about.
    editor.answer(/^Example in asks/, 'Decide Later');
    const whileAsked: string[] = [];
    editor.whileBusy = async (what) => {
      if (what === 'question touch yes') whileAsked.push(await text(document()));
    };
    await click(request);
    editor.whileBusy = () => Promise.resolve();
    assert.match(whileAsked.join(), /^\n{10}Tool: execute\nCommand: touch yes\n/);
    const offered = editor.offered.map((item) => (typeof item === 'string' ? item : item.label));
    assert.deepEqual(offered, [
      'Decide Later',
      'Show Exact Input',
      'Allow Once',
      'Reject',
      'Allow, and Always Allow This Command',
    ]);
    assert.match(await text(document()), /^Tool: execute\nCommand: touch yes\n[^]*Title by the agent: harmless\n$/);
    assert.equal(await box.bash('ls work'), '');
    const opened = document();
    const others = [
      { input: new TabInputText(opened) },
      { input: new TabInputText(Uri.file('/own')), isPreview: true },
    ];
    editor.tabs = [{ input: new TabInputText(opened), isPreview: true }, ...others];
    editor.answer(/^Example in asks\ntouch yes/, 'Allow Once');
    await click(request);
    assert.deepEqual(editor.tabs, others);
    editor.tabs = [];
    await described(agents, /touch no/);
    // Who comes back to it sees that it waits no more.
    assert.match(
      await text(document()),
      /^── Permission: Allow Once, by [^\n]+\n\nTool: execute\nCommand: touch yes\n/,
    );
    editor.answer(/^Example in asks\ntouch no/, 'Reject');
    const second = await view().rows((await view().rows((await agents()).row))[0]?.row);
    assert.ok(second[0]);
    await click(second[0]);
    await described(agents, /^Example done/);
    assert.equal(await box.bash('ls work'), 'yes\n');
    await editor.eventually(() => view().badge === undefined);
    assert.doesNotMatch(await own(), /needs you/);
    const shown = (await view().rows((await agents()).row))[0];
    assert.ok(shown);
    await click(shown);
    const all = await text(document());
    assert.match(all, /── Permission: Allow Once, by [^]*Command: touch yes[^]*── Permission: Reject, by /);
    assert.match(all, /── Agent\n {2}all done\n\n── Turn ended: done\n$/);
  });

  it('have nothing in what they ask that reads as a word of ours, or that an editor leaves out', async () => {
    const { agents } = await ready('tricks');
    const { editor } = used;
    const diffs: (readonly unknown[])[] = [];
    editor.commands.set('vscode.diff', (...args: readonly unknown[]) => {
      diffs.push(args);
      String(args[0]);
    });
    const long = `true ${'x'.repeat(30_000)}; touch end`;
    const all = ['ls\nIn: /tmp\nTitle by the agent: ls', long];
    await start(await agents(), [{ all }, { write: { path: 'a\ud800\u202etxt.ts', text: 'new\n' } }]);
    await described(agents, /needs you/);
    const next = async (answer: string): Promise<string> => {
      editor.answer(/^Example in tricks/, answer);
      const session = (await view().rows((await agents()).row))[0];
      await click((await view().rows(session?.row))[0] ?? assert.fail());
      return text(document());
    };
    const first = await next('Decide Later');
    assert.match(first, /^Tool: execute\nCommand: ls\n {2}In: \/tmp\n {2}Title by the agent: ls\nInput: /);
    await next('Reject');
    await described(agents, /needs you · true/);
    const second = (await next('Decide Later')).split('\n');
    assert.ok(second.every((shown) => shown.length < 300));
    const command = second.slice(
      1,
      second.findIndex((shown) => shown.startsWith('Input: ')),
    );
    assert.equal(command.map((shown) => shown.replace(/^ {2}↪ |^Command: /, '')).join(''), long);
    await next('Reject');
    await described(agents, /needs you · a/);
    await next('Reject');
    await described(agents, /^Example done/);
    assert.match(String(diffs[0]?.[0]), /txt\.ts/);
    assert.ok(!decodeURIComponent(String(diffs[0]?.[0])).includes('\u202e'));
  });

  it('show a change as a diff, keep a rule for exactly that, and answer the next time by it', async () => {
    const { box, agents } = await ready('rules');
    const { editor } = used;
    const diffs: (readonly unknown[])[] = [];
    editor.commands.set('vscode.diff', (...args: readonly unknown[]) => diffs.push(args));
    const write = { path: 'a.txt', text: 'new\n' };
    const steps = [{ write }, { write: { ...write, text: 'newer\n' } }, { write: { ...write, path: 'b.txt' } }];
    await start(await agents(), steps);
    await described(agents, /needs you/);
    const [request] = await view().rows((await view().rows((await agents()).row))[0]?.row);
    assert.ok(request);
    editor.answer(/^Example in rules/, 'Allow, and Always Allow Changes of This File');
    const whileAsked: string[][] = [];
    editor.whileBusy = async (what) => {
      if (what === 'question a.txt') whileAsked.push(await Promise.all((diffs[0] ?? []).slice(0, 2).map(text)));
    };
    await click(request);
    editor.whileBusy = () => Promise.resolve();
    const [[before, after, title] = []] = diffs;
    const above = '\n'.repeat(10);
    assert.deepEqual(whileAsked, [[`${above}old\n`, `${above}new\n`]]);
    assert.deepEqual([await text(before), await text(after)], ['old\n', 'new\n']);
    assert.equal(title, 'What Example wants to change: a.txt');
    await described(agents, /needs you · b\.txt/);
    await box.bash('grep -x newer work/a.txt && ! ls work/b.txt');
    const session = (await view().rows((await agents()).row))[0];
    assert.ok(session);
    await click(session);
    const uri = document();
    assert.match(await text(uri), /── Permission: Allow Once, by a rule of /);
    // The same at the row.
    const rows = await view().rows(session.row);
    assert.deepEqual(rows.map(line), ['b.txt waits for your answer', 'Send Prompt…', 'More…']);
    const lenses = await editor.codeLenses.get(uri.scheme)?.provideCodeLenses({ uri } as never, undefined as never);
    const titles = (lenses ?? []).map(({ command }) => command?.title);
    assert.deepEqual(titles, [
      ...['Send Prompt…', 'Interrupt', 'End Agent', 'Log of the Agent', 'Terminal', 'Export as Markdown…', 'Rules: 1'],
      // Of both requests.
      ...['Show Change', 'Show Change', 'Answer…', 'Show Change'],
    ]);
    editor.answer(/^Example in rules/, 'Log of the Agent');
    await click(rows[2] ?? assert.fail());
    assert.equal(await text(document()), '');
    // Taken back, it is asked for again.
    editor.answer(/Select a rule to remove it/, (await box.bash('realpath work/a.txt')).trim());
    await run(lenses?.[6]?.command);
    await run(lenses?.[1]?.command);
    await described(agents, /^Example done/);
    editor.answer(/^Send Prompt/, JSON.stringify([{ write }]));
    const [prompt] = await view().rows((await view().rows((await agents()).row))[0]?.row);
    await click(prompt ?? assert.fail());
    await described(agents, /needs you · a\.txt/);
    editor.answer(/^End Example in rules\?/, 'End Agent');
    await run(lenses?.[2]?.command);
    await described(agents, /^Example ended/);
    assert.equal(await box.bash('cat work/a.txt; ls work'), 'newer\na.txt\n');
  });

  it('are found by their records after a reload, and still wait', async () => {
    const { box, agents } = await ready('lives on');
    await start(await agents(), [{ run: 'touch yes' }]);
    await described(agents, /needs you/);
    // Records that the devbox has made hide none of the account's, also where there are more than are read.
    await box.bash(
      'cd ~/.runloop-agents/sessions && for i in $(seq 600); do n=$(printf zzzzzzzzz-%024d $i); mkdir "$n" && echo \'{"agentName":"Fake"}\' >"$n/mark"; done',
    );
    used.reload();
    const again = await ready('lives on again').then(() => used.editor);
    assert.equal(await box.bash('ls work'), '');
    const all = await eventually(
      async () => (await Promise.all((await view().rows()).map(({ row }) => view().rows(row)))).flat(),
      (rows) => rows.some((one) => line(one).startsWith('lives on ') || line(one) === 'lives on'),
    );
    const devbox = all.find(({ row }) => (row as { readonly id?: string }).id === box.id);
    const row = (): Promise<Shown> => below(devbox?.row, 'Agents');
    // The row of the devbox is enough, as this editor has seen an agent there.
    await row();
    await again.eventually(() => view().badge?.value === 1);
    assert.match((await described(row, /needs you/))[0] ?? '', /^Example needs you · touch yes/);
    assert.equal((await lines((await row()).row)).at(-1), '551 more records are not shown');
    const [request] = await view().rows((await view().rows((await row()).row))[0]?.row);
    assert.ok(request);
    again.answer(/^Example in lives on/, 'Allow Once');
    await click(request);
    await described(row, /^Example done/);
    assert.equal(await box.bash('ls work'), 'yes\n');
  });

  it('of another computer are found by the mark of their devbox before a row is opened, beside its other metadata', async () => {
    const { box, agents } = await ready('marked');
    await used.api.devboxes.replaceMetadata(box.id, { team: 'a' });
    await start(await agents(), [{ run: 'touch yes' }]);
    await described(agents, /needs you/);
    const marks = (): Promise<unknown> => used.api.devboxes.metadata(box.id);
    await eventually(marks, (all) => isDeepStrictEqual(all, { team: 'a', 'runloop-devboxes-agents': 'yes' }));
    // What this editor keeps of agents is not at another computer.
    await used.editor.globalState.update('runloop.agentDevboxes', undefined);
    await used.editor.secrets.delete('runloop.agentSeal');
    used.reload();
    const again = used.editor;
    view().setVisible(true);
    await again.run('runloop.refreshDevboxes');
    for (const { row } of await view().rows()) await view().rows(row);
    await again.eventually(() => view().badge?.value === 1);
    await used.api.devboxes.shutdown(box.id);
  });

  it('of other windows are there as soon as they are started, also right after one that was found', async () => {
    const { box, agents } = await ready('shared');
    await start(await agents(), [{ run: 'touch yes' }]);
    await described(agents, /needs you/);
    const [first = ''] = (await box.bash('ls ~/.runloop-agents/sessions')).split('\n');
    for (const [index, name] of ['other1', 'other2'].entries()) {
      await box.bash(`cd ~/.runloop-agents && cp -r sessions/${first} copy && mv copy sessions/${name}`);
      await eventually(
        async () => lines((await agents()).row),
        (rows) => rows.length === index + 2,
        20_000,
      );
    }
    await used.api.devboxes.shutdown(box.id);
  });

  it('need nobody while their devbox is suspended, and are lost when it runs again', async () => {
    const { box, agents } = await ready('sleeps');
    await start(await agents(), [{ run: 'touch yes' }]);
    await described(agents, /needs you/);
    await used.editor.eventually(() => view().badge?.value === 1);
    await used.api.devboxes.suspend(box.id);
    await used.api.devboxes.waitForStatus(box.id, ['suspended'], 20);
    await used.editor.eventually(() => view().badge === undefined);
    const shown = document();
    const suspended = await text(shown);
    assert.match(suspended, /^Example · sleeps · suspended\n[^]*── Permission: was not answered, and waits no more\n/);
    const lenses = used.editor.codeLenses.get(shown.scheme) ?? assert.fail();
    const offered = await lenses.provideCodeLenses({ uri: shown } as never, undefined as never);
    assert.deepEqual(
      offered?.map(({ command }) => command?.title),
      ['Log of the Agent', 'Export as Markdown…'],
    );
    await used.api.devboxes.resume(box.id);
    await used.api.devboxes.waitForStatus(box.id, ['running'], 20);
    await used.editor.run('runloop.refreshDevboxes');
    // Also where nobody opens its row.
    await eventually(
      () => text(shown),
      (all) => /^Example · sleeps · lost\n[^]*\n── The process of the agent is gone/.test(all),
    );
    await described(agents, /^Example lost/);
    assert.equal(await box.bash('ls work'), '');
  });
});
