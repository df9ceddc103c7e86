import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { AgentInstallation, sessionMark } from '../../../../src/core/agents/agentInstallation';
import { agentsOfSetting, type AgentRecipe } from '../../../../src/core/agents/agentTable';
import { InstalledAgents } from '../../../../src/core/agents/installing/installedAgents';
import { toolFolder } from '../../../../src/core/agents/installing/installScripts';
import { AgentSpool } from '../../../../src/core/agents/spool';
import type { DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { RuntimeError } from '../../../../src/core/errors';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';

const words = { waits: 'WAITS', done: 'DONE', missing: 'MISSING' };
const tools = '~/.runloop-agents/tools';

describe('Removing an agent', function () {
  this.timeout(120_000);
  const used = usePlatform();
  const sealKey = Buffer.alloc(32, 5);
  let box: FilesDevbox;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api, 'removing');
  });

  const own = (install: string, name = `own ${(count += 1)}`): AgentRecipe => {
    const [recipe = assert.fail()] = agentsOfSetting({ [name]: { run: ['bash'], install } });
    return recipe;
  };
  const installed = (commands: DevboxCommands = box.commands): InstalledAgents => new InstalledAgents(box.id, commands);
  const command = (recipe: AgentRecipe): string =>
    new AgentInstallation(box.id, box.commands).installCommand(recipe, `w${(count += 1)}`, words);
  const install = (recipe: AgentRecipe): Promise<string> => box.bash(command(recipe));
  const foldersOf = async ({ id }: AgentRecipe): Promise<readonly string[]> =>
    (await installed().list(signal)).folders.get(id) ?? [];
  const remove = async (recipe: AgentRecipe, word = `r${(count += 1)}`): Promise<boolean> =>
    installed().remove(recipe, { folders: await foldersOf(recipe), word }, signal);
  const left = (): Promise<string> => box.bash(`ls -A ${tools}`);
  const problemOf = async (work: Promise<unknown>): Promise<string> => {
    const error: unknown = await work.then(
      () => assert.fail('It was removed.'),
      (failure: unknown) => failure,
    );
    assert.ok(RuntimeError.is(error), String(error));
    return error.problem.id;
  };

  it('finds what is there, and removes all versions of one agent and nothing else', async () => {
    assert.deepEqual((await installed().list(signal)).folders, new Map());
    const [first, second, other] = [own('touch 1', 'same'), own('touch 2', 'same'), own('touch 3')];
    for (const recipe of [first, second, other]) await install(recipe);
    await box.bash(
      `cd ${tools}; mkdir "odd name-1" -- '-x-1' "$(printf 'new-\\nline')" claude-0.1.0; touch claude-file`,
    );
    const { folders, running } = await installed().list(signal);
    assert.deepEqual([...folders.keys()].sort(), ['claude', first.id, other.id].sort());
    assert.equal(folders.get(first.id)?.length, 2);
    assert.equal(running.size, 0);
    assert.equal(await remove(first), true);
    assert.deepEqual(await foldersOf(first), []);
    assert.deepEqual(await foldersOf(other), [toolFolder(other).split('/').at(-1)]);
    assert.equal(await remove(other), true);
    assert.match(await left(), /^-x-1\nclaude-0\.1\.0\nclaude-file\nnew-[^]*odd name-1\n$/);
    await assert.rejects(
      installed().remove(first, { folders: ['claude-0.1.0'], word: 'w' }, signal),
      /is not of this agent/,
    );
  });

  it('removes what its installer has write-protected, and of a link only the link', async () => {
    await box.bash('mkdir -p /tmp/kept/in && touch /tmp/kept/in/file && chmod 500 /tmp/kept/in');
    const recipe = own('mkdir mod && touch mod/file && ln -s /tmp/kept link && chmod 500 mod');
    await install(recipe);
    assert.equal(await remove(recipe), true);
    const linked = own('true');
    await box.bash(`ln -s /tmp/kept ~/${toolFolder(linked)}`);
    assert.equal((await foldersOf(linked)).length, 1);
    assert.equal(await remove(linked), true);
    assert.equal(await box.bash('stat -c %a /tmp/kept/in; ls /tmp/kept/in'), '500\nfile\n');
    assert.doesNotMatch(await left(), /own-/);
  });

  it('is refused as long as a session of that agent runs, or is about to, and only then', async () => {
    const [recipe, other] = [own('touch here'), own('touch here')];
    await install(recipe);
    await install(other);
    const name = 'session-1';
    const about = { agent: recipe.id, agentName: recipe.name, cwd: '/tmp', startedMs: 1 };
    const folder = `${(await box.bash('printf %s "$HOME"')).trim()}/.runloop-agents/sessions/${name}`;
    const spool = new AgentSpool({ devboxId: box.id, commands: box.commands, folder, sealKey });
    await spool.start({ command: ['sleep', '300'], cwd: '/tmp', mark: sessionMark(name, about, sealKey), signal });
    assert.deepEqual([...(await installed().list(signal)).running], [recipe.id]);
    assert.equal(await problemOf(remove(recipe)), 'agent_removal_running');
    assert.equal(await remove(other), true);
    assert.equal(await box.bash(`ls ~/${toolFolder(recipe)}`), 'here\n');
    await spool.end(signal);
    await eventually(
      async () => [...(await installed().list(signal)).running],
      (ids) => ids.length === 0,
    );
    // One that another window has just begun has no process yet.
    const mark = sessionMark('session-2', about, sealKey);
    await box.bash(`mkdir "${folder}x" && printf %s '${mark}' >"${folder}x/mark"`);
    assert.equal(await problemOf(remove(recipe)), 'agent_removal_running');
    for (const made of ['2 minutes ago', '1 year']) {
      await box.bash(`touch -d '${made}' "${folder}x/mark"`);
      assert.deepEqual([...(await installed().list(signal)).running], [], made);
    }
    assert.equal(await remove(recipe), true);
  });

  it('waits for no installation, and takes nothing away from one', async () => {
    const [recipe, slow] = [own('touch here'), own('touch half; until [ -e /tmp/go ]; do sleep 0.1; done')];
    await install(recipe);
    const installing = install(slow);
    await eventually(left, (all) => all.includes('.new'));
    assert.equal(await problemOf(remove(recipe)), 'agent_removal_busy');
    assert.equal(await box.bash(`ls ${tools}/*.new`), 'half\n');
    await box.bash('touch /tmp/go');
    await installing;
    assert.equal(await remove(recipe), true);
    assert.equal(await box.bash(`ls ~/${toolFolder(slow)}`), 'half\n');
  });

  it('leaves no half agent where it is cut, and what is left then goes with whatever comes next', async () => {
    const recipe = own('touch here');
    const half = 'claude-1.0.0.dead';
    const next: Readonly<Record<string, () => Promise<unknown>>> = {
      list: () => installed().list(signal),
      install: () => install(own('touch here')),
      remove: () => remove(own('touch here')),
    };
    for (const [name, run] of Object.entries(next)) {
      await install(recipe);
      // Killed when it begins to delete: as a devbox that is shut down in its midst.
      const killed: DevboxCommands = {
        run: (script, options) => box.commands.run(`rm() { kill -9 $BASHPID; }\n${script}`, options),
      };
      await installed(killed)
        .remove(recipe, { folders: await foldersOf(recipe), word: 'cut' }, signal)
        .catch(() => undefined);
      assert.match(await left(), /\.cut\.old\n/, name);
      await box.bash(`mkdir ${tools}/${half}.new ${tools}/${half}.old`);
      // Listed by another way: that would remove it.
      await run();
      assert.doesNotMatch(await left(), /[.](new|old)\n/, name);
      assert.deepEqual(await foldersOf(recipe), [], name);
    }
  });

  it('takes away what an installation has left that a suspend cut, when somebody looks', async () => {
    const slow = own('touch half; sleep 300');
    const cut = install(slow).catch(() => 'cut');
    await eventually(left, (all) => all.includes('.new'));
    await used.api.devboxes.suspend(box.id);
    await used.api.devboxes.waitForStatus(box.id, ['suspended'], 20);
    await used.api.devboxes.resume(box.id);
    await used.api.devboxes.waitForStatus(box.id, ['running'], 20);
    assert.equal(await cut, 'cut');
    assert.match(await left(), /[.]new\n/);
    assert.deepEqual((await installed().list(signal)).folders.get(slow.id), undefined);
    assert.doesNotMatch(await left(), /[.]new\n/);
  });

  it('says where a folder cannot be taken away', async () => {
    const recipe = own('touch here');
    await install(recipe);
    await box.bash(`chmod 500 ${tools}`);
    assert.equal(await problemOf(remove(recipe)), 'agent_removal_failed');
    await box.bash(`chmod 700 ${tools}`);
    const stays: DevboxCommands = {
      run: (script, options) => box.commands.run(`rm() { return 1; }\n${script}`, options),
    };
    const folders = await foldersOf(recipe);
    assert.equal(await installed(stays).remove(recipe, { folders, word: 'stays' }, signal), false);
    assert.deepEqual(await foldersOf(recipe), []);
  });
});
