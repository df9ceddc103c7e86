import assert from 'node:assert/strict';
import { before, describe, it } from 'mocha';
import { AgentInstallation } from '../../../../src/core/agents/agentInstallation';
import { agentsOfSetting, type AgentRecipe } from '../../../../src/core/agents/agentTable';
import { toolFolder } from '../../../../src/core/agents/installing/installScripts';
import { saysNoRoom } from '../../../../src/core/agents/installing/saidByInstaller';
import type { CommandResult, DevboxCommands } from '../../../../src/core/channel/devboxCommands';
import { quote } from '../../../../src/ground/shellWords';
import { eventually } from '../../../eventually';
import { usePlatform } from '../../../platform/usePlatform';
import { filesDevbox, signal, type FilesDevbox } from '../files/useFiles';

const words = { waits: 'WAITS', done: 'DONE', missing: 'MISSING' };

describe('Installing an agent', function () {
  this.timeout(120_000);
  const used = usePlatform();
  let box: FilesDevbox;
  let count = 0;

  before(async () => {
    box = await filesDevbox(used.api, 'installing');
  });

  const own = (install: string, name = `own ${(count += 1)}`): AgentRecipe => {
    const [recipe = assert.fail()] = agentsOfSetting({ [name]: { run: ['bash'], install } });
    return recipe;
  };
  /** @param prefix what the devbox's environment is before that */
  async function ran(recipe: AgentRecipe, prefix = ''): Promise<CommandResult & { readonly text: string }> {
    const command = new AgentInstallation(box.id, box.commands).installCommand(recipe, `w${(count += 1)}`, words);
    const done = await box.commands.run(`${prefix}\n${command}`, { signal, deadlineMs: 60_000 });
    return { ...done, text: Buffer.concat([done.stdout, done.stderr]).toString() };
  }
  /** What is left beside what is installed. */
  const halves = (): Promise<string> => box.bash('ls -A ~/.runloop-agents/tools | grep -E "[.](new|old)" || true');
  const inTool = (recipe: AgentRecipe): Promise<string> => box.bash(`ls -A ~/${toolFolder(recipe)}`);
  /** An installation in a devbox with another environment. */
  const within = (prefix: string): AgentInstallation => {
    const run: DevboxCommands['run'] = (command, options) => box.commands.run(`${prefix}\n${command}`, options);
    return new AgentInstallation(box.id, { run });
  };

  it('begins in an empty folder each time, whatever an earlier try has left', async () => {
    const recipe = own('ls -A >seen');
    const tool = toolFolder(recipe);
    await box.bash(`mkdir -p ~/${tool}.new ~/${tool}.dead.new && touch ~/${tool}.new/stale ~/${tool}.dead.new/stale`);
    assert.equal((await ran(recipe)).exitCode, 0);
    assert.equal(await box.bash(`cat ~/${tool}/seen`), 'seen\n');
    assert.equal(await halves(), '');
  });

  it('is done once where several windows ask for it, and one that was killed holds nobody up', async () => {
    const recipe = own('echo once >>/tmp/count; touch begun; sleep 0.3; cp /tmp/count whole');
    const all = await Promise.all(Array.from({ length: 4 }, () => ran(recipe)));
    assert.deepEqual(
      all.map(({ exitCode }) => exitCode),
      [0, 0, 0, 0],
    );
    assert.equal(await box.bash('cat /tmp/count'), 'once\n');
    assert.equal(all.filter(({ text }) => text.includes('DONE')).length, 3);
    assert.ok(all.some(({ text }) => text.includes('WAITS')));
    // The shell alone is killed: what it has started goes on, in a folder that is no one's.
    const name = 'killed';
    const hangs = own('touch half; echo $$ >/tmp/own; exec sleep 300', name);
    const killed = ran(hangs, 'echo $BASHPID >/tmp/shell');
    await eventually(
      () => box.bash('cat /tmp/own 2>/dev/null || true'),
      (text) => text !== '',
    );
    await box.bash('kill -9 $(cat /tmp/shell)');
    assert.match(await halves(), /\.new\n$/);
    const again = { ...hangs, install: { command: 'ls -A >seen' } };
    assert.equal((await ran(again)).exitCode, 0);
    assert.equal(await inTool(again), 'seen\n');
    assert.equal(await halves(), '');
    await box.bash('kill -9 $(cat /tmp/own)');
    assert.notEqual((await killed).exitCode, 0);
  });

  it('leaves nothing where it fails, whatever the setting has for a command', async () => {
    for (const install of ['touch half; exit 3', "echo 'open", '} ; false', 'false \\', 'exit 251', 'cat <<X', 'if']) {
      const recipe = own(install);
      const { exitCode } = await ran(recipe);
      // A text that has no end is taken as far as it goes.
      if (install === 'cat <<X') continue;
      assert.ok(exitCode !== 0 && exitCode !== 251, install);
      assert.equal(await box.bash(`ls -d ~/${toolFolder(recipe)} 2>/dev/null || echo none`), 'none\n', install);
    }
    assert.equal(await halves(), '');
    // Nobody can answer it.
    assert.notEqual((await ran(own('read -r answer'))).exitCode, 0);
    // What the devbox has put in the place of a folder.
    const odd = own('ls -A >seen');
    await box.bash(`cd ~/.runloop-agents/tools && ln -s /nowhere ${toolFolder(odd).split('/').at(-1) ?? ''}`);
    assert.equal((await ran(odd)).exitCode, 0);
    assert.equal(await inTool(odd), 'seen\n');
    assert.deepEqual(agentsOfSetting({ nul: { run: ['own'], install: 'a\0b' } }), []);
    assert.deepEqual(agentsOfSetting({ long: { run: ['own'], install: 'x'.repeat(100_000) } }), []);
    assert.deepEqual(agentsOfSetting({ long: { run: ['own', 'x'.repeat(100_000)] } }), []);
  });

  it('works in a home of any name, and says no more than that it failed in one that cannot be written', async () => {
    for (const home of ['/tmp/a b', `/tmp/q'"$x`, '/tmp/new\nline', '/tmp/*']) {
      const recipe = own('mkdir bin; echo "exec true" >bin/own; chmod +x bin/own');
      const prefix = `export HOME=${quote(home)}; mkdir -p "$HOME"`;
      assert.equal((await ran(recipe, prefix)).exitCode, 0, home);
      const found = await within(prefix).look(recipe, '', signal);
      assert.deepEqual([found.home, found.isInstalled, found.cwd], [home, true, home]);
    }
    const closed = await ran(own('touch half'), 'export HOME=/tmp/closed; mkdir "$HOME"; chmod 500 "$HOME"');
    assert.notEqual(closed.exitCode, 0);
    assert.match(closed.text, /Permission denied/);
  });

  it('is of npm packages only where their command is there, whatever npm is configured to', async () => {
    await box.bash(
      `mkdir /tmp/pkg && cd /tmp/pkg && echo '{"name":"own","version":"1.0.0","bin":"own.js"}' >package.json && echo '#!/usr/bin/env node' >own.js`,
    );
    for (const environment of ['', 'npm_config_global=true', 'npm_config_bin_links=false', 'npm_config_dry_run=true']) {
      const recipe = {
        ...own(''),
        id: `pkg${(count += 1)}`,
        run: ['own'] as const,
        install: { packages: ['/tmp/pkg'] },
      };
      const { exitCode, text } = await ran(recipe, environment === '' ? '' : `export ${environment}`);
      if (environment.includes('dry')) assert.match(text, /MISSING/);
      assert.equal(exitCode, environment.includes('dry') ? 1 : 0, `${environment}: ${text}`);
    }
    assert.equal(await halves(), '');
  });

  it('says that there was no room, by what its installer said or what is free, for any agent', async () => {
    const fails = own('true');
    const why = async (exitCode: number, output: string): Promise<string> =>
      (await within('').installFailure(fails, { exitCode, output }, signal)).problem.id;
    assert.equal(
      await why(1, 'npm error ENOSPC: no space left on device, write\nnpm error errno -28'),
      'agent_room_gone',
    );
    assert.equal(await why(1, 'cargo: No space left on device (os error 28)'), 'agent_room_gone');
    assert.equal(await why(1, 'nothing to see'), 'agent_install_failed');
    const full = own('touch half; exit 7');
    const fake = (line: string): string =>
      `mkdir -p /tmp/fake; printf '#!/bin/sh\\necho head\\necho "%s"\\n' ${quote(line)} >/tmp/fake/df; chmod +x /tmp/fake/df; PATH=/tmp/fake:$PATH`;
    const { exitCode } = await ran(full, fake('/dev/x 100000 99900 100 99% /'));
    assert.equal(await why(exitCode, ''), 'agent_room_gone');
    assert.equal((await ran(full, fake('/dev/x 0 0 999999 0% /'))).exitCode, 7);
    assert.equal(await halves(), '');
    const said = [
      'OSError: [Errno 28] No space left on device',
      'curl: (23) Failed writing body\ntar: x: Cannot write: No space left on device',
      'cp: error writing x: Disk quota exceeded',
      'npm ERR! code EDQUOT',
      'Error: ENOSPC: System limit for number of file watchers reached',
      'inotify_add_watch: No space left on device',
      'ENOSPCX',
    ];
    assert.deepEqual(said.map(saysNoRoom), [true, true, true, true, false, false, false]);
  });

  it('says what a network policy that refuses everything means, also where the installer ends well', async () => {
    const policy = 'export http_proxy=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 no_proxy=';
    const why = async (install: string, run = 'mine'): Promise<string> => {
      const recipe = { ...own(install), run: [run] as const };
      const { exitCode, text } = await ran(recipe, policy);
      assert.notEqual(exitCode, 0, text);
      assert.equal(await box.bash(`ls -d ~/${toolFolder(recipe)} 2>/dev/null || echo none`), 'none\n', install);
      return (await within('').installFailure(recipe, { exitCode, output: text }, signal)).problem.id;
    };
    assert.equal(await why('curl -fsSL http://example.invalid/install.sh | sh'), 'agent_net_refused');
    assert.equal(await why('curl -fs http://example.invalid/install.sh | sh'), 'agent_no_program');
    assert.equal(await why('true'), 'agent_no_program');
    assert.equal(await why('exit 252'), 'agent_install_failed');
    assert.equal(await why('git clone http://example.invalid/x'), 'agent_net_refused');
    const npm = { ...own(''), id: 'policy', run: ['own'] as const, install: { packages: ['own-of-nobody@1.0.0'] } };
    const tried = `${policy}; export npm_config_registry=http://example.invalid npm_config_fetch_retries=0`;
    const { exitCode, text } = await ran(npm, tried);
    assert.notEqual(exitCode, 0);
    const failure = await within(tried).installFailure(npm, { exitCode, output: text }, signal);
    assert.equal(failure.problem.id, 'agent_no_network');
    // What only a shell that begins now finds, as installers add to its PATH.
    const later = own('mkdir -p ~/later; ln -sf /bin/true ~/later/mine; echo PATH=\\$PATH:~/later >>~/.profile');
    const { text: said, exitCode: code } = await ran({ ...later, run: ['mine'] });
    assert.equal(code, 0, said);
  });

  it('takes what an npm package needs for its platform, whatever the devbox leaves out', async () => {
    await box.bash(
      `mkdir -p /tmp/opt/native && cd /tmp/opt/native && echo '{"name":"native-of-own","version":"1.0.0"}' >package.json && npm pack --silent && mv *.tgz .. && cd .. && mkdir own && cd own && echo '{"name":"own","version":"1.0.0","bin":"own.js","optionalDependencies":{"native-of-own":"file:/tmp/opt/native-of-own-1.0.0.tgz"}}' >package.json && touch own.js && npm pack --silent && mv *.tgz ..`,
    );
    for (const environment of [
      'npm_config_omit=optional',
      'npm_config_prefix=/tmp/elsewhere npm_config_offline=true',
    ]) {
      const install = { packages: ['/tmp/opt/own-1.0.0.tgz'] };
      const recipe = { ...own(''), id: `opt${(count += 1)}`, run: ['own'] as const, install };
      const { exitCode, text } = await ran(recipe, `export ${environment}`);
      assert.equal(exitCode, 0, text);
      assert.match(await box.bash(`ls ~/${toolFolder(recipe)}/node_modules`), /^native-of-own$/m, environment);
    }
  });

  it('finds a folder whatever the shell of the devbox says when it goes there', async () => {
    await box.bash('mkdir -p ~/some/work');
    const found = await within('export CDPATH=~/some; cd ~/some').look(own('true'), 'work', signal);
    assert.equal(found.cwd, `${found.home}/some/work`);
  });

  it('takes keys away that were left for an agent by another clock', async () => {
    const old = await within('').keysFolder(signal);
    await box.bash(`touch -d '1 year' ${old}`);
    const fresh = await within('').keysFolder(signal);
    assert.equal(await box.bash('ls -d ~/.runloop-agents/keys-*'), `${fresh}\n`);
  });

  it('looks at a node that is any program at all, and at variables of the environment alone', async () => {
    const [recipe] = [{ ...own(''), node: [20, 0] as const, megabytes: 1 }];
    const node = async (script: string, more = ''): Promise<string | undefined> => {
      const prefix = `mkdir -p /tmp/node; printf '%s\\n' '#!/bin/bash' ${quote(script)} >/tmp/node/node; chmod +x /tmp/node/node; export PATH=/tmp/node:$PATH${more}`;
      const found = await within(prefix).look(recipe, '', signal);
      assert.ok(found.node.length <= 200);
      assert.match(found.home, /^\/home\//);
      return within('').refusal(recipe, found)?.message;
    };
    assert.match((await node('echo v18.1.0')) ?? '', /and the devbox has v18\.1\.0\./);
    assert.match(
      (await node(String.raw`printf 'v18.\e[31m0\n\0x'`)) ?? '',
      /the devbox has v18\.\S*0 ?x?\.|does not say its version/,
    );
    assert.match((await node('yes garbage')) ?? '', /does not say its version/);
    assert.match((await node('exec sleep 300')) ?? '', /does not say its version/);
    assert.match((await node('sleep 300 & exit 1')) ?? '', /does not say its version/);
    assert.match(
      (await node(
        '',
        '; PATH=/tmp/none:/tmp/bare; mkdir -p /tmp/bare; for i in env timeout head tr df awk gzip base64 cat; do /bin/ln -sf "$(PATH=/usr/bin:/bin command -v $i)" /tmp/bare/$i; done',
      )) ?? '',
      /which is not in the devbox/,
    );
    // Options that no version has are not what it is asked for.
    assert.equal(await node('[ -z "$NODE_OPTIONS" ] && echo v24.0.0', '; export NODE_OPTIONS=--nonsense'), undefined);
    const names = ['name', 'tool', 'SET', 'EMPTY', 'LC_ALL'].map((name) => ({ name }));
    const { has } = await within('export SET=1 EMPTY=; unset LC_ALL').look({ ...recipe, variables: names }, '', signal);
    assert.deepEqual([...has], ['SET']);
  });
});
