import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { useWindow } from '../../../fakeVscode/useWindow';
import { ScriptedAccount } from '../../../platform/scriptedAccount';

const source = join(process.cwd(), 'src/extension');
const id = 'dbx_of_the_first';

/** Each command that a button of a message runs on a devbox, as the source has it. */
function commandsOfButtons(): ReadonlySet<string> {
  const found = new Set<string>();
  const ways = [
    /command: '(runloop\.\w+)',\s*argument: \w/g,
    /onDevbox\(l10n\.t\('[^']*'\), '(runloop\.\w+)'\)/g,
    /executeCommand\('(runloop\.\w+)', \w/g,
    // The start's, from a table of titles.
    /\]: '(runloop\.\w+)',/g,
  ];
  for (const file of readdirSync(source, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(join(source, file), 'utf8');
    for (const way of ways) for (const [, command = ''] of text.matchAll(way)) found.add(command);
  }
  return found;
}

/** What such a command is called with: an id, or something of a devbox. */
const forms: Readonly<Record<string, unknown>> = {
  'its id': id,
  'a port of it': { devboxId: id, port: 8080 },
  'a session in it': { action: 'answer', devboxId: id, session: 'one', request: '1' },
  'a snapshot of it': { snapshotId: 'snp_1', like: id },
};

describe('A button of a message about a devbox of an account that was left', function () {
  this.timeout(60_000);
  const used = useWindow({ isSignedIn: false });
  let first: ScriptedAccount;
  let second: ScriptedAccount;
  const tunnel = { tunnel_key: 'k', auth_mode: 'open', http_keep_alive: false };

  beforeEach(async () => {
    const { editor, extension } = used;
    first = await ScriptedAccount.start({ id, name: 'mine', status: 'running', tunnel, metadata: {} });
    second = await ScriptedAccount.start({ id: 'dbx_of_the_second', name: 'theirs', status: 'running', tunnel });
    for (const { baseUrl } of [first, second]) await editor.secrets.store(`runloop.apiKey:${baseUrl}`, 'ak_of_a_test');
    editor.settings.set('runloop.baseUrl', first.baseUrl);
    assert.deepEqual(
      (await extension.list()).map((devbox) => devbox.id),
      [id],
    );
  });
  afterEach(async () => {
    used.editor.whileBusy = () => Promise.resolve();
    await Promise.all([first.stop(), second.stop()]);
  });

  const toSecond = async (): Promise<void> => {
    used.editor.settings.set('runloop.baseUrl', second.baseUrl);
    assert.deepEqual(
      (await used.extension.list()).map((devbox) => devbox.id),
      ['dbx_of_the_second'],
    );
  };
  /** The account is left while a message that reads like this is shown, before its button is clicked. */
  const leaveAt = (text: RegExp): void => {
    const { editor } = used;
    editor.whileBusy = async (what) => {
      if (!text.test(what)) return;
      editor.whileBusy = () => Promise.resolve();
      await toSecond();
    };
  };
  const saysSo = async (): Promise<void> => {
    await used.editor.message(/has switched to another account/);
    const asked = second.asked.filter(
      (line) => !line.startsWith('GET /v1/devboxes?') && !line.startsWith('GET /v1/accounts'),
    );
    assert.deepEqual(asked, []);
    assert.deepEqual(second.creates, []);
  };

  it('is any of these', () => {
    const commands = [...commandsOfButtons()].sort();
    for (const verb of ['shutDownDevbox', 'suspendDevbox', 'resumeDevbox', 'openVscode', 'showOutput', 'actOnAgent']) {
      assert.ok(commands.includes(`runloop.${verb}`), commands.join());
    }
    assert.ok(commands.length >= 14, commands.join());
  });

  for (const command of commandsOfButtons()) {
    for (const [what, argument] of Object.entries(forms)) {
      it(`asks the next account for nothing, and says why: ${command} with ${what}`, async () => {
        await toSecond();
        await used.editor.run(command, argument);
        await saysSo();
      });
    }
  }

  it('asks for it where the window is back in its account', async () => {
    const { editor, extension } = used;
    await toSecond();
    editor.settings.set('runloop.baseUrl', first.baseUrl);
    assert.deepEqual(
      (await extension.list()).map((devbox) => devbox.id),
      [id],
    );
    editor.answer(/^Suspend /, 'Suspend');
    await editor.run('runloop.suspendDevbox', id);
    assert.equal(first.devboxes.get(id)?.status, 'suspended');
  });

  it('asks for it with another key of the same account, once that has listed it', async () => {
    const { editor, extension } = used;
    await editor.secrets.store(`runloop.apiKey:${first.baseUrl}`, 'ak_that_is_new');
    assert.deepEqual(
      (await extension.list()).map((devbox) => devbox.id),
      [id],
    );
    editor.answer(/^Suspend /, 'Suspend');
    await editor.run('runloop.suspendDevbox', id);
    assert.equal(first.devboxes.get(id)?.status, 'suspended');
  });

  it('does so where a start is ready', async () => {
    const { editor } = used;
    first.answers.set('read_file_contents', { body: 'a key' });
    first.answers.set('execute_action', { body: { observation: 'run', content: '', extras: { exit_code: 0 } } });
    editor.answer(/^Start Devbox/, 'new');
    editor.answer(/is ready\./, 'Open VS Code');
    leaveAt(/is ready\./);
    await editor.run('runloop.startDevbox');
    await saysSo();
  });

  for (const when of ['while its message is shown', 'before that is shown']) {
    it(`does so where a start failed and its devbox may still run, in an account that was left ${when}`, async () => {
      const { editor } = used;
      first.answers.set('alive', { status: 401, body: { detail: 'no' } });
      first.answers.set('shutdown', { status: 403, body: { message: 'not now' } });
      editor.answer(/^Start Devbox/, 'new');
      editor.answer(/may still be running/, 'Shut Down');
      if (when === 'while its message is shown') leaveAt(/may still be running/);
      else first.whileCreating = () => editor.settings.set('runloop.baseUrl', second.baseUrl);
      await editor.run('runloop.startDevbox');
      await editor.message(/may still be running/);
      await saysSo();
    });
  }
});
