import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chownSync, closeSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RunloopSDK, type Runloop } from '@runloop/api-client';
import { after, before, describe, it } from 'mocha';
import { type Client, type TestPlatform, logText, startPlatform } from '../../../../platform/testPlatform';
import { skip } from '../../../../run/skip';
import { localPlatformBundle } from '../../../../vscode/projectPaths';

/** What programs do that expect their output to be a pipe or a file, as anywhere else. */
const reopening = [
  'echo one > /dev/stdout',
  'echo two > /dev/stderr',
  'echo three | tee /dev/stderr > /dev/null',
  'ln -sf /dev/stdout "$HOME/log" && echo four >> "$HOME/log"',
  'echo five > /proc/self/fd/1',
  'sudo sh -c "echo six > /dev/stderr"',
].join('\n');

/** Becomes a command in a session with a key in it. */
const withKey = `exec perl -e 'syscall(250, 1, 0); my ($t, $d, $p) = ("user", "canary", "word"); syscall(248, $t, $d, $p, 4, -3); exec {$ARGV[0]} @ARGV' "$@"`;

/** Says whether that key can be had, and whose session it is. */
const askForKey = `perl -e 'my ($t, $d, $s) = ("user", "canary", " " x 200); print "key ", syscall(249, $t, $d, 0, 0), "\n"; syscall(250, 6, -3, $s, 200); print "$s\n"'`;

describe('what a command is started with', function () {
  this.timeout(120_000);
  let platform: TestPlatform;
  let client: Client;
  let folder: string;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'inherited-'));
    // Two descriptors of the starter's, one far behind a gap, and a session keyring with a key in it.
    platform = await startPlatform([], { within: ['bash', '-c', `exec 7< "$0" 90< "$0"; ${withKey}`, folder] });
    client = platform.client();
  });
  after(async () => {
    await platform.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('has pipes that it can open once more: executions, named shells, launch commands, builds, entrypoints', async () => {
    const devbox = await client.devboxes.createAndAwaitRunning({
      launch_parameters: { launch_commands: [reopening] },
      entrypoint: `${reopening}\nexec sleep 1000`,
    });
    for (const shell_name of [undefined, 'named']) {
      const { stdout, stderr, exit_status } = await client.devboxes.executeAndAwaitCompletion(devbox.id, {
        command: reopening,
        ...(shell_name === undefined ? {} : { shell_name }),
      });
      assert.deepEqual([stdout, stderr, exit_status], ['one\nfour\nfive\n', 'two\nthree\nsix\n', 0]);
    }
    const logged = await logText(client, devbox.id);
    for (const word of ['one', 'two', 'three', 'four', 'five', 'six']) {
      assert.ok(logged.split('\n').filter((line) => line === word).length >= 3, word);
    }
    const blueprint = await client.blueprints.createAndAwaitBuildCompleted({
      name: 'pipes',
      system_setup_commands: [reopening],
    });
    assert.equal(blueprint.status, 'build_complete');
    // An input that is sent later is a pipe as well.
    const sdk = new RunloopSDK({ baseURL: platform.baseUrl, bearerToken: platform.apiKey, http2: false });
    const reading = await sdk.devbox.fromId(devbox.id).cmd.execAsync('head -n 1 /dev/stdin', { attach_stdin: true });
    await client.devboxes.executions.sendStdIn(devbox.id, reading.executionId, { text: 'typed\n' });
    assert.equal(await (await reading.result()).stdout(), 'typed\n');
  });

  it('has nothing of what the platform was started with: no open files and no keys', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const open = readdirSync(`/proc/${platform.pid}/fd`);
    assert.ok(open.includes('90'), 'the platform itself has it');
    const { stdout } = await client.devboxes.executeAndAwaitCompletion(id, {
      command: `for fd in /proc/[0-9]*/fd/*; do readlink "$fd"; done | sort -u; ${askForKey}`,
    });
    assert.ok(!(stdout ?? '').includes(folder), stdout ?? '');
    assert.match(stdout ?? '', /^key -1$/m);
    if (spawnSync('setpriv', ['--ruid=2000000000', 'true']).status === 0) {
      assert.doesNotMatch(stdout ?? '', /^keyring;0;/m, 'it is counted for nobody');
    }
    closeSync(openSync(folder, 'r'));
  });

  it('has none of these keys either where a devbox has used up all that an ordinary user may have', async function () {
    const user = 1_000_000_000 + process.pid;
    const as = ['setpriv', `--reuid=${user}`, `--regid=${user}`, '--clear-groups'];
    if (spawnSync(as[0] ?? '', [...as.slice(1), 'test', '-r', localPlatformBundle]).status !== 0) {
      skip(this, 'nobody else can read the program here');
    }
    const own = mkdtempSync(join(tmpdir(), 'keyless-'));
    chownSync(own, user, user);
    const ordinary = await startPlatform([], { dataDir: own, within: [...as, 'bash', '-c', withKey, 'bash'] });
    try {
      const { devboxes } = ordinary.client();
      const greedy = await devboxes.createAndAwaitRunning({});
      const taking = `(perl -e 'syscall(250, 1, 0); my ($t, $p) = ("user", "word"); for (my $n = 0; ; $n++) { my $d = "k$n"; last if syscall(248, $t, $d, $p, 4, -3) < 0 } print "$!\n"; close STDOUT; sleep 60' > ~/taken &); until [ -s ~/taken ]; do sleep 0.1; done; cat ~/taken`;
      const { stdout: taken } = await devboxes.executeAndAwaitCompletion(greedy.id, { command: taking });
      if (/not permitted|not implemented/.test(taken ?? '')) skip(this, 'programs may have no keys here');
      assert.equal(taken, 'Disk quota exceeded\n');
      const other = await devboxes.createAndAwaitRunning({});
      for (const { id } of [greedy, other]) {
        const { stdout } = await devboxes.executeAndAwaitCompletion(id, { command: askForKey });
        assert.match(stdout ?? '', /^key -1\nkeyring;/);
      }
    } finally {
      await ordinary.stop();
      rmSync(own, { recursive: true, force: true });
    }
  });

  it('is refused at once where Linux could not start it, with the limit', async () => {
    const long = 'x'.repeat(131_072);
    const many = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`V${at}`, 'y'.repeat(100_000)]));
    const refused: readonly (readonly [string, Runloop.DevboxCreateParams, RegExp])[] = [
      ['a variable', { environment_variables: { LONG: long } }, /LONG is too long: .*131055 bytes/],
      ['all variables', { environment_variables: many }, /environment is too large: .*1048576 bytes/],
      [
        'many small ones',
        { environment_variables: Object.fromEntries(Array.from({ length: 50_000 }, (_, at) => [`V${at}`, ''])) },
        /environment is too large/,
      ],
      ['the entrypoint', { entrypoint: `: ${long}` }, /entrypoint is too long: .*131071 bytes/],
      [
        'a launch command',
        { launch_parameters: { launch_commands: [`: ${long}`] } },
        /launch command is too long: .*131071/,
      ],
      ['a NUL', { launch_parameters: { launch_commands: ['echo \0'] } }, /NUL/],
      [
        'a suspend command',
        { launch_parameters: { lifecycle: { lifecycle_hooks: { suspend_commands: [`: ${long}`] } } } },
        /suspend command is too long/,
      ],
      ['a file mount', { file_mounts: { [`/tmp/${'n'.repeat(256)}`]: 'x' } }, /file mount has a name .* 255 bytes/],
      ['a deep one', { file_mounts: { [`/tmp/${'a/'.repeat(3_000)}`]: 'x' } }, /file mount is too long: .* 4095 bytes/],
      ['characters of several bytes', { environment_variables: { LONG: 'é'.repeat(70_000) } }, /LONG is too long/],
    ];
    for (const [what, request, reason] of refused) {
      await assert.rejects(
        client.devboxes.create(request),
        (error: Error) => /^400/.test(error.message) && reason.test(error.message),
        what,
      );
    }
    await assert.rejects(
      client.blueprints.create({ name: 'long', system_setup_commands: [`: ${long}`] }),
      /400 .*131071/,
    );
    for (const [what, lines, reason] of [
      ['ENV', [`ENV LONG=${long}`, 'RUN true'], /RUN true .*LONG is too long: .*131055 bytes/],
      ['an ENV that nothing uses', [`ENV LONG=${long}`], /LONG is too long: .*131055/],
      ['an ENV that grows', [`ENV A=${'z'.repeat(60_000)}`, 'ENV B=$A$A$A', 'RUN true'], /B is too long/],
      ['PATH', [`ENV PATH=${'/p:'.repeat(50_000)}$PATH`], /PATH is too long/],
      ['ARG', [`ARG LONG=${long}`, 'RUN true'], /LONG is too long/],
      ['all of ENV', [...Object.entries(many).map(([name, value]) => `ENV ${name}=${value}`), 'RUN true'], /too large/],
      ['RUN', [`RUN : ${long}`], /command is too long: .*131071/],
      ['RUN as words', [`RUN ["true", "${long}"]`], /command is too long: .*131071/],
      ['WORKDIR', [`WORKDIR /${'w'.repeat(256)}`], /a name that is too long .* 255 bytes/],
      ['COPY', ['COPY <<X /' + 'a/'.repeat(3_000), 'x', 'X'], /target is too long: .* 4095 bytes/],
      ['a mount', [`RUN --mount=type=tmpfs,target=/${'m'.repeat(256)} true`], /mount has a name .* 255/],
    ] as const) {
      await assert.rejects(
        client.blueprints.create({ name: 'long', dockerfile: ['FROM ubuntu', ...lines].join('\n') }),
        (error: Error) => /^400/.test(error.message) && reason.test(error.message),
        what,
      );
    }
    // The longest that is taken works.
    const { id } = await client.devboxes.createAndAwaitRunning({
      environment_variables: { LONG: 'x'.repeat(131_051) },
    });
    const { stdout } = await client.devboxes.executeAndAwaitCompletion(id, { command: 'echo ${#LONG}' });
    assert.equal(stdout, '131051\n');
    for (const [path, reason] of [
      ['n'.repeat(256), /400 .* 255 bytes/],
      ['/tmp/' + 'a/'.repeat(3_000) + 'x', /400 .* 4095 bytes/],
      ['a\0b', /400 .*NUL/],
    ] as const) {
      const file = new File(['x'], 'x');
      await assert.rejects(client.devboxes.readFileContents(id, { file_path: path }), reason);
      await assert.rejects(client.devboxes.writeFileContents(id, { file_path: path, contents: 'x' }), reason);
      await assert.rejects(client.devboxes.downloadFile(id, { path }), reason);
      await assert.rejects(client.devboxes.uploadFile(id, { path, file }), reason);
    }
    const left = await client.devboxes.executeAndAwaitCompletion(id, { command: 'ls -A /var/tmp' });
    assert.equal(left.stdout, '');
  });

  it('keeps a named shell’s state where a variable in it is longer than Linux gives to programs', async () => {
    const { id } = await client.devboxes.createAndAwaitRunning({});
    const run = async (command: string): Promise<{ stdout: string | null; stderr: string | null }> => {
      const { stdout = '', stderr = '' } = await client.devboxes.executeAndAwaitCompletion(id, {
        command,
        shell_name: 'long',
      });
      return { stdout, stderr };
    };
    const first = 'cd /tmp; export LONG; printf -v LONG %0140000d 0; echo set';
    assert.deepEqual(await run(first), { stdout: 'set\n', stderr: '' });
    assert.deepEqual(await run('echo ${#LONG} $PWD'), { stdout: '140000 /tmp\n', stderr: '' });
    assert.match((await run('ls')).stderr ?? '', /Argument list too long/);
    assert.deepEqual(await run('unset LONG; ls -d .'), { stdout: '.\n', stderr: '' });
    assert.deepEqual(await run('echo ${LONG-gone}'), { stdout: 'gone\n', stderr: '' });
  });
});
