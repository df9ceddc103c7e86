import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { quote } from '../../../../src/ground/shellWords';
import { runCommand } from '../../../../src/core/platform/runCommand';
import { startDelay } from '../../../bench/delay';
import { eventually } from '../../../eventually';
import { CountingProxy } from '../../../platform/countingProxy';
import { useTerminals, type OpenOptions, type Shown } from './useTerminals';

describe('A new shell in a devbox', function () {
  this.timeout(120_000);
  const used = useTerminals('new shell');
  const { api, devbox, shows, isIn } = used;
  const terminal = (devboxId: string, options: OpenOptions = {}): Shown =>
    used.terminal(devboxId, { onFailure: (error) => assert.fail(String(error)), ...options });

  it('has the size that the terminal has got while it was connecting', async () => {
    const way = await CountingProxy.start(used.baseUrl);
    try {
      const through = used.through(way.baseUrl);
      const one = terminal(await devbox(), { api: through });
      // An editor tells the true size when it shows the terminal, while it is asked for with another one.
      way.before = (_, path) => {
        if (path.startsWith('/pty/')) one.session.resize({ cols: 61, rows: 17 });
      };
      await shows(one, /[#$] $/);
      // It is told the size by a request of its own, which may come after its prompt.
      await eventually(
        async () => {
          one.session.write('stty size\r');
          await new Promise((resolve) => setTimeout(resolve, 100));
          return one.text;
        },
        (text) => /\r17 61\r\n/.test(text),
        20_000,
      );
      one.session.dispose();
    } finally {
      await way.stop();
    }
  });

  it('leaves nothing of what sets it up in the history of its user', async () => {
    const id = await devbox();
    await runCommand(api(), id, 'echo "echo from before" > ~/.bash_history');
    const one = terminal(id, { folder: '/tmp' });
    await shows(one, /[#$] $/);
    one.session.write('echo typed\r');
    await shows(one, /\rtyped\r\n/);
    one.session.write('exit\r');
    await isIn(one, 'ended');
    const { stdout } = await runCommand(api(), id, 'cat ~/.bash_history');
    assert.deepEqual(stdout.trim().split('\n'), ['echo from before', 'echo typed', 'exit']);
    // Where lines with a blank in front are none of its history, nothing else is taken out of it.
    await runCommand(api(), id, 'echo HISTCONTROL=ignoreboth > ~/.bashrc');
    const two = terminal(id);
    await shows(two, /[#$] $/);
    two.session.write('exit\r');
    await isIn(two, 'ended');
    assert.match((await runCommand(api(), id, 'cat ~/.bash_history')).stdout, /^echo from before\necho typed\nexit\n/);
  });

  it('begins where its start file makes something else of it, too', async () => {
    const id = await devbox();
    const startFiles = [
      'set -e',
      'set -x; PS4=',
      'set -u; shopt -s histverify',
      'readonly D=1 e=2 k=3 d=4',
      'cd() { builtin cd "$@" && ls -la / && false; }; alias printf=false script=false echo=false',
      'alias exec="echo no"',
      'exec() { echo "no, $1"; }',
      'stty raw',
      'stty -opost; set -x; PS4=',
      // It would go before the folder that is asked for.
      'cd /; cd() { echo no; }; alias builtin=false',
      // Others shells have others ways to quote, and no `history`.
      '[ "$SHLVL" = 1 ] && exec dash -i',
    ];
    for (const startFile of startFiles) {
      await runCommand(api(), id, `echo ${quote(startFile)} > ~/.bashrc`);
      const one = terminal(id, { folder: '/tmp' });
      await shows(one, /[#$] $/);
      assert.doesNotMatch(one.text, /HISTFILE|stdbuf|COLORTERM|[0-9a-f]{24}[rp]/, startFile);
      one.session.write('command printf "%s\\n" "at $PWD $COLORTERM"\r');
      await shows(one, /[\r\n]at \/tmp truecolor\r?\n/);
      const recorded = await runCommand(api(), id, 'cat ~/.cache/runloop-vscode/terminals/*/*/0');
      assert.match(recorded.stdout, /[\r\n]at \/tmp truecolor\r?\n/, startFile);
      one.session.write('exit\r');
      await isIn(one, 'ended');
    }
    const { stdout } = await runCommand(api(), id, 'cat ~/.bash_history; ls -A ~/.cache/runloop-vscode/terminals');
    assert.doesNotMatch(stdout, /HISTFILE|n-/);
  });

  it('begins where its start file lets nothing go on in its place, though without a recording', async () => {
    const id = await devbox();
    await runCommand(api(), id, `echo 'exec() { echo "no, $1"; }; readonly -f exec' > ~/.bashrc`);
    const one = terminal(id, { folder: '/tmp' });
    await shows(one, /[#$] $/);
    one.session.write('echo "at $PWD $COLORTERM"\rexit\r');
    await isIn(one, 'ended');
    assert.match(one.text, /[\r\n]at \/tmp truecolor\r\n/);
    assert.doesNotMatch(one.text, /HISTFILE|stdbuf|no, |[0-9a-f]{24}[rp]/);
    const { stdout } = await runCommand(api(), id, 'cat ~/.bash_history; ls -A ~/.cache/runloop-vscode/terminals');
    assert.doesNotMatch(stdout, /HISTFILE|HISTCONTROL/);
  });

  it('goes on at once when it stops itself, as nothing in the terminal could let it go on', async () => {
    const one = terminal(await devbox());
    await shows(one, /[#$] $/);
    for (const [at, stop] of ['kill -STOP $$', 'suspend', 'kill -STOP $$'].entries()) {
      one.session.write(`${stop}\r`);
      one.session.write(`echo "on $((${at} + 1))"\r`);
      await shows(one, new RegExp(`[\r\n]on ${at + 1}\r\n`));
    }
    one.session.write('sh -c "echo sl\'\'eeps; exec sleep 1000"\r');
    await shows(one, /\rsleeps\r\n/);
    one.session.write('\u001a');
    await shows(one, /Stopped +sh -c/);
    one.session.write('exit\rexit\r');
    await isIn(one, 'ended');
  });

  it('begins where there are no programs but a few', async () => {
    const id = await devbox();
    const folder = '/tmp/ein Ort mit 100 %s €!$(x)`x`"\'\\';
    await runCommand(api(), id, `mkdir -p ${quote(folder)}`);
    for (const missing of ['base64', 'script', 'stdbuf', 'mkfifo', 'mktemp', 'bash', 'mktemp script bash']) {
      const without = missing.split(' ').map((name) => `rm ~/few/${name}`);
      await runCommand(
        api(),
        id,
        `rm -rf ~/few; mkdir ~/few; ln -s /usr/bin/* /bin/* ~/few 2>/dev/null; ${without.join(';')}`,
      );
      await runCommand(api(), id, `echo 'PATH=$HOME/few; cd /' > ~/.bashrc`);
      const one = terminal(id, { folder });
      await shows(one, /[$#] $/);
      one.session.write('echo "$PWD" | od -An -tx1 | tr -d " \\n"; echo " $COLORTERM"\r');
      await shows(one, new RegExp(`[\r\n]${Buffer.from(`${folder}\n`).toString('hex')} truecolor\r\n`));
      one.session.write('exit\r');
      await isIn(one, 'ended');
    }
    assert.equal((await runCommand(api(), id, 'ls -A /tmp | grep -c "^tmp[.]"')).stdout.trim(), '0');
  });

  it('types nothing into what its start file asks, and is set up after the answer', async () => {
    const id = await devbox();
    const asked = 'printf "%s|" "$answer" >> ~/answers; echo "thanks, $answer"';
    const questions = [
      `read -r -p "Your name? " answer; ${asked}`,
      `stty -echo; read -r -p "Password: " answer; stty echo; ${asked}`,
      `read -r -e -p "Line? " answer; ${asked}`,
      `sleep 3; read -r -n 4 -p "Four: " answer; ${asked}`,
    ];
    for (const question of questions) {
      await runCommand(api(), id, `echo ${quote(question)} > ~/.bashrc; rm -f ~/answers`);
      const shownBefore: string[] = [];
      const one = terminal(id, { folder: '/tmp', onUnready: () => shownBefore.push(one.text) });
      // What is said of it comes before the question: the answer is typed right behind that.
      await eventually(
        () => Promise.resolve(shownBefore),
        (texts) => texts.length === 1 && texts[0] === '',
        20_000,
      );
      one.session.write('Jo €\r');
      await shows(one, /thanks, Jo €?[^]*[#$] $/);
      assert.doesNotMatch(one.text, /HISTFILE|HISTCONTROL|COLORTERM|[0-9a-f]{24}[rp]/, question);
      const isTakenBack = (text: string): boolean => ['$', '#'].some((end) => text.includes(`${end} \r\u001b[K`));
      // The prompt that comes once more, a moment after it was seen.
      await eventually(() => Promise.resolve(one.text), isTakenBack, 20_000);
      one.session.write('command printf "%s\\n" "at $PWD $COLORTERM"; history | grep -c base[6]4\r');
      await shows(one, /[\r\n]at \/tmp truecolor\r\n0\r\n/);
      assert.equal((await runCommand(api(), id, 'cat ~/answers')).stdout.trim(), 'Jo €|');
      one.session.dispose();
    }
  });

  it('is waited for while its start file takes long, and gets later what is typed meanwhile', async () => {
    const id = await devbox();
    await runCommand(api(), id, 'echo "[ -e ~/slept ] || { touch ~/slept; sleep 3; }" > ~/.bashrc');
    const one = terminal(id, { folder: '/tmp', onUnready: () => assert.fail('it was slow only') });
    await isIn(one, 'open');
    one.session.write('echo "at $PWD $COLORTERM"\r');
    await shows(one, /[\r\n]at \/tmp truecolor\r\n/);
    assert.doesNotMatch(one.text, /HISTFILE|[0-9a-f]{24}[rp]/);
  });

  it('begins in a folder of whatever name, which types nothing', async () => {
    const id = await devbox();
    const folder = "/tmp/a\tb\nc\u0003d!e\u001b[A'q\\ü\u0085";
    const bytes = Buffer.from(folder).toString('base64');
    await runCommand(api(), id, `mkdir -- "$(printf ${bytes} | base64 -d)"`);
    const one = terminal(id, { folder });
    await shows(one, /[#$] $/);
    one.session.write('printf %s "$PWD" | base64 -w0; echo\r');
    await shows(one, new RegExp(`\r${bytes}\r\n`));
    const two = terminal(id, { folder: '/tmp\u0003touch /tmp/typed\r\0touch /tmp/typed\n' });
    await shows(two, /[#$] $/);
    two.session.write('ls /tmp | grep -c typed; echo "in $PWD"\r');
    await shows(two, /\r0\r\nin \/home\/user\r\n/);
  });

  it('is made anew when its connection goes before it was set up, as nobody has seen anything of it', async () => {
    const id = await devbox();
    const way = await startDelay(Number(new URL(used.baseUrl).port), 0);
    try {
      for (const afterMs of [0, 3, 6, 12, 25]) {
        let isCut = false;
        const one = terminal(id, {
          api: used.through(way.url),
          folder: '/tmp',
          onState: ({ kind }) => {
            if (kind === 'open' && !isCut) setTimeout(() => way.cut(), afterMs);
            isCut ||= kind === 'open';
          },
        });
        await eventually(
          () => Promise.resolve(one.states.filter(({ kind }) => kind === 'open').length),
          (count) => count === 2,
          20_000,
        );
        await shows(one, /[#$] $/);
        one.session.write('echo "$PWD $COLORTERM"\r');
        const text = await shows(one, /\r\/tmp truecolor\r\n/);
        assert.doesNotMatch(text, /[0-9a-f]{24}[rp]|COLORTERM=|\[1\]/);
        const last = one.states.at(-1);
        const said = last?.kind === 'open' && (last.isNew ? !last.wasKnown : last.filled === 'all');
        assert.ok(said, JSON.stringify(last));
        one.session.dispose();
      }
    } finally {
      way.close();
    }
  });

  it('says so where it ends before it can be used, with what it has printed', async () => {
    const id = await devbox();
    await runCommand(api(), id, 'echo "read -r -t 2 x; echo no luck; exit 3" > ~/.bashrc');
    const one = terminal(id);
    await isIn(one, 'failed');
    const last = one.states.at(-1);
    assert.ok(last?.kind === 'failed' && String(last.error).includes('The shell ended before it could be used.'));
    assert.match(one.text, /no luck\r\n/);
    assert.doesNotMatch(one.text, /COLORTERM/);
    await runCommand(api(), id, 'rm ~/.bashrc');
    one.session.retry();
    await shows(one, /[#$] $/);
  });

  it('goes on without a folder to record into, and then says that nothing was recorded', async () => {
    const id = await devbox();
    const way = await startDelay(Number(new URL(used.baseUrl).port), 0);
    try {
      const one = terminal(id, { api: used.through(way.url) });
      await shows(one, /[#$] $/);
      // As somebody does, or a full disk: from the next piece on nothing can be kept.
      one.session.write(
        'D=$(echo ~/.cache/runloop-vscode/terminals/*/*); mkdir "$D/1"; yes | head -c 9000000; echo full\r',
      );
      await shows(one, /\nfull\r\n/);
      way.cut();
      await eventually(
        () => Promise.resolve(one.states.at(-1)),
        (state) => state?.kind === 'open' && !state.isNew,
        20_000,
      );
      const last = one.states.at(-1);
      assert.ok(last?.kind === 'open' && !last.isNew && last.filled === 'nothing', JSON.stringify(last));
      one.session.write('echo "still $((6 * 7))"\r');
      await shows(one, /\rstill 42\r\n/);
    } finally {
      way.close();
    }
  });
});
