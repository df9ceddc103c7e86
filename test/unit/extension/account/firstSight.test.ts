import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'mocha';
import vm from 'node:vm';
import { asArray, asObject, asString, asStringMap, parseJson } from '../../../../src/core/parse';
import { signIn, useWindow } from '../../../fakeVscode/useWindow';
import { usePlatform } from '../../../platform/usePlatform';

const manifest = asObject(parseJson(readFileSync('package.json', 'utf8'))) ?? {};
const contributes = asObject(manifest['contributes']);
const texts = asStringMap(parseJson(readFileSync('package.nls.json', 'utf8')));

/** Whether a clause holds, as the editor decides it; only what the welcome texts use of its expressions. */
function holds(when: string, contexts: ReadonlyMap<string, unknown>): boolean {
  return when.split(' && ').every((clause) => {
    const [, not, name, operator, wanted] = /^(!?)([\w.]+)(?: (==|=~) (.*))?$/.exec(clause) ?? assert.fail(clause);
    const value = contexts.get(name ?? '');
    if (operator === '==') return value === wanted;
    if (operator === '=~') return new RegExp(wanted?.slice(1, -1) ?? '').test(String(value));
    return (value === true) !== (not === '!');
  });
}

/** What an empty view shows, by the names of its texts. */
function welcomes(contexts: ReadonlyMap<string, unknown>): readonly string[] {
  return asArray(contributes?.['viewsWelcome'])
    .map(asObject)
    .filter((one) => holds(asString(one?.['when']) ?? 'false', contexts))
    .map((one) => asString(one?.['contents'])?.replaceAll('%', '') ?? '');
}

describe('The first sight (U20)', function () {
  this.timeout(120_000);
  const used = useWindow({ isSignedIn: false });
  const announced = usePlatform();
  const usual = process.env['RUNLOOP_LOCAL_PLATFORM'];
  before(() => void (process.env['RUNLOOP_LOCAL_PLATFORM'] = announced.platform.baseUrl));
  after(() => {
    if (usual === undefined) delete process.env['RUNLOOP_LOCAL_PLATFORM'];
    else process.env['RUNLOOP_LOCAL_PLATFORM'] = usual;
  });

  it('of an empty view says what there is to do, and names the local platform where that is what is used', async () => {
    const { editor, platform } = used;
    await used.extension.list().catch(() => undefined);
    await editor.eventually(() => editor.contexts.get('runloop.account') === 'none');
    assert.deepEqual(welcomes(editor.contexts), ['welcome.signedOut', 'welcome.tryLocally']);
    await signIn(editor, platform.apiKey);
    assert.deepEqual(welcomes(editor.contexts), ['welcome.empty'], 'this one was not said to be a local one');
    editor.settings.set('runloop.baseUrl', announced.platform.baseUrl);
    await signIn(editor, announced.platform.apiKey);
    assert.deepEqual(welcomes(editor.contexts), ['welcome.local', 'welcome.empty']);
    assert.match(texts['welcome.local'] ?? '', /^Local platform: .* cost nothing\.$/);
    assert.match(
      texts['welcome.empty'] ?? '',
      /^No devbox is running\.\n\[Start Devbox\]\(command:runloop\.startDevbox\)/,
    );
    editor.messages.length = 0;
  });

  it('of the walkthrough is the first step that is left to do', async () => {
    const { editor } = used;
    editor.settings.set('runloop.baseUrl', announced.platform.baseUrl);
    await signIn(editor, announced.platform.apiKey);
    const run: (readonly unknown[])[] = [];
    const exports: { activate?: (context: object) => Promise<void> } = {};
    const commands = { executeCommand: (...args: readonly unknown[]) => Promise.resolve(run.push(args)) };
    vm.runInNewContext(readFileSync('test/vscode/firstSight/main.cjs', 'utf8'), {
      exports,
      require: () => ({ commands }),
    });
    await exports.activate?.({ workspaceState: editor.workspaceState });
    await exports.activate?.({ workspaceState: editor.workspaceState });
    assert.equal(run.length, 2, 'once: after a reload the window is as the person left it');
    const opened = asObject(run[0]?.[1]);
    const walkthroughs = asArray(contributes?.['walkthroughs']).map(asObject);
    const owner = `${asString(manifest['publisher']) ?? ''}.${asString(manifest['name']) ?? ''}`;
    assert.deepEqual(
      walkthroughs.map((one) => `${owner}#${asString(one?.['id']) ?? ''}`),
      [opened?.['category']],
    );
    const steps = walkthroughs.flatMap((one) => asArray(one?.['steps']).map(asObject));
    const isDone = (step: (typeof steps)[number]): boolean =>
      asArray(step?.['completionEvents']).some(
        (event) => editor.contexts.get(asString(event)?.replace(/^onContext:/, '') ?? '') === true,
      );
    assert.deepEqual(
      steps.filter(isDone).map((step) => step?.['id']),
      ['tryLocally'],
    );
    // Two steps are two ways to an account: one of them is enough.
    const left = steps.filter((step) => !isDone(step) && step?.['id'] !== 'signIn');
    assert.equal(opened?.['step'], left[0]?.['id']);
    assert.deepEqual(run[1]?.[0], 'runloop.devboxes.focus');
    editor.messages.length = 0;
  });
});
