import assert from 'node:assert/strict';
import { eventually } from '../../../eventually';
import type { UsedWindow } from '../../../fakeVscode/useWindow';
import { Uri } from '../../../fakeVscode/values';
import { exampleAgentIn } from '../../core/agents/useAgent';
import { line, useChangeRows, type Shown } from '../changes/useChangeRows';

/** Agents in devboxes of a fake editor: started, their rows and documents. */
export function useAgents(used: UsedWindow) {
  const { below, lines, opened, view, devbox } = useChangeRows(used);

  /** A devbox with the example agent, which is offered by the setting. */
  async function ready(name: string, variables: readonly string[] = [], setUp = 'mkdir work', mode?: string) {
    const { box } = await opened(name, setUp);
    const run = await exampleAgentIn(box);
    used.editor.settings.set('runloop.agents', { Example: { run, variables, mode } });
    const row = await eventually(
      async () => (await Promise.all((await view().rows()).map(({ row: group }) => view().rows(group)))).flat(),
      (rows) => rows.some((one) => line(one).startsWith(name)),
    ).then((rows) => rows.find((one) => line(one).startsWith(name)));
    return { box, agents: () => below(row?.row, 'Agents') };
  }
  async function start(row: Shown, steps: readonly object[]): Promise<void> {
    const { editor } = used;
    editor.answer(/^Start Agent/, 'Example');
    editor.answer(/folder in the devbox/, '~/work');
    editor.answer(/What it should do first/, JSON.stringify(steps));
    await editor.run('runloop.startAgent', row.row);
  }
  async function text(uri: unknown): Promise<string> {
    assert.ok(uri instanceof Uri);
    const provider = used.editor.contentProviders.get(uri.scheme) ?? assert.fail(uri.scheme);
    return String(await provider.provideTextDocumentContent(uri, undefined as never));
  }
  const document = () => {
    const uri: unknown = used.editor.documents.at(-1)?.uri;
    assert.ok(uri instanceof Uri);
    return uri;
  };
  const run = async (command: { command: string; arguments?: unknown[] } | undefined): Promise<unknown> =>
    used.editor.run(command?.command ?? '', ...(command?.arguments ?? []));
  /** Runs what the row of a session or a request does. */
  const click = async ({ item }: Shown): Promise<unknown> => run(item.command);
  /** What a row says in time; a prompt alone may wait for 15 s, until it is kept how its folder is. */
  const described = (agents: () => Promise<Shown>, text: RegExp): Promise<string[]> =>
    eventually(
      async () => lines((await agents()).row),
      (all) => all.some((one) => text.test(one)),
    );
  return { below, lines, opened, view, devbox, ready, start, text, document, run, click, described };
}
