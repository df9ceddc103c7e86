import type { Readable, Writable } from 'node:stream';
import type { ServerChannel, Session } from 'ssh2';
import type { DevboxRun } from '../devbox/run/devboxRun';
import { DevboxError, messageOf } from '../errors';
import type { SandboxProcess } from '../sandbox/sandbox';
import { requireStartable } from '../sandbox/wordLimits';
import { type TerminalSize, DevboxTerminal } from '../devbox/run/terminal';

/** How long output is waited for after a program's end while something it left behind holds it, in ms. */
const outputGrace = 200;

/** Characters of variables that a client may send before it starts something. */
const mostSent = 2 * 2 ** 20;

const noReply = (): void => undefined;

/** Serves one session of an SSH connection: a shell, a command or SFTP, on a terminal if that was asked for. */
export function serveSession(session: Session, run: DevboxRun, touch: () => void): void {
  const environment: Record<string, string> = {};
  let sent = 0;
  let size: TerminalSize | undefined;
  let terminal: DevboxTerminal | undefined;
  let running: SandboxProcess | undefined;

  const start = (channel: ServerChannel, command: string | undefined): void => {
    channel.on('error', () => channel.destroy());
    try {
      if (sent > mostSent) {
        throw new DevboxError('invalid', `The variables are too many: ${sent} characters were sent.`);
      }
      requireStartable({ ...run.environment, ...environment });
    } catch (error) {
      refuse(channel, messageOf(error));
      return;
    }
    if (size === undefined) {
      const argv =
        command === undefined ? ['/bin/bash', '-l'] : ['/bin/bash', '--norc', '-c', run.sandbox.translate(command)];
      const carried = (program: SandboxProcess): void => {
        running = program;
        channel.on('data', touch);
        carry(channel, program);
        // Its client may have gone meanwhile.
        if (channel.destroyed) {
          program.kill('SIGHUP', 'group');
        }
      };
      run
        .launchWithPipes({ argv, environment, input: 'open' })
        .then(carried)
        .catch((error: unknown) => refuse(channel, messageOf(error)));
      return;
    }
    channel.on('data', touch);
    try {
      terminal = new DevboxTerminal(run, {
        size,
        environment,
        ...(command === undefined ? {} : { command: run.sandbox.translate(command) }),
      });
      carryTerminal(channel, terminal);
    } catch (error) {
      refuse(channel, messageOf(error));
    }
  };

  session.on('env', (accept, reject, info) => {
    sent += info.key.length + info.val.length;
    if (sent > mostSent || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(info.key) || info.val.includes('\0')) {
      ((reject as (() => void) | undefined) ?? noReply)();
      return;
    }
    environment[info.key] = info.val;
    ((accept as (() => void) | undefined) ?? noReply)();
  });
  session.on('pty', (accept, _reject, info) => {
    size = { cols: between(info.cols, 80), rows: between(info.rows, 24) };
    const { term } = info as { term?: unknown };
    if (typeof term === 'string' && term !== '') {
      environment['TERM'] = term;
    }
    ((accept as (() => void) | undefined) ?? noReply)();
  });
  session.on('window-change', (accept, _reject, info) => {
    // A terminal whose devbox has just ended has no size any more.
    terminal?.resize({ cols: between(info.cols, 80), rows: between(info.rows, 24) }).catch(noReply);
    ((accept as (() => void) | undefined) ?? noReply)();
  });
  session.on('signal', (accept, _reject, info) => {
    if (terminal !== undefined) {
      terminal.signal(info.name).catch(noReply);
    } else if (isSignal(`SIG${info.name}`)) {
      running?.kill(`SIG${info.name}` as NodeJS.Signals, 'group');
    }
    ((accept as (() => void) | undefined) ?? noReply)();
  });
  session.on('exec', (accept, _reject, info) => start(accept(), info.command));
  session.on('shell', (accept) => start(accept(), undefined));
  session.on('subsystem', (accept, reject, info) => {
    if (info.name !== 'sftp') {
      reject();
      return;
    }
    const channel = accept();
    channel.on('data', touch);
    channel.on('error', () => channel.destroy());
    try {
      carry(channel, run.launchSftp());
    } catch (error) {
      refuse(channel, messageOf(error));
    }
  });
}

/** Joins a channel with a program's three streams; its exit status ends the channel. */
function carry(channel: ServerChannel, program: SandboxProcess): void {
  if (program.stdin !== undefined) {
    channel.pipe(program.stdin);
  }
  const outputs = Promise.all([piped(program.stdout, channel), piped(program.stderr, channel.stderr)]);
  channel.once('close', () => program.kill('SIGHUP', 'group'));
  void program.exited.then(async ({ code }) => {
    await Promise.race([outputs, new Promise((resolve) => setTimeout(resolve, outputGrace))]);
    finish(channel, code);
  });
}

function carryTerminal(channel: ServerChannel, terminal: DevboxTerminal): void {
  channel.on('data', (bytes: Buffer) => {
    if (!terminal.write(bytes)) {
      channel.pause();
      terminal.drained(() => channel.resume());
    }
  });
  const output = piped(terminal.output, channel);
  channel.once('close', () => terminal.close());
  void terminal.exited.then(async (code) => {
    await output;
    finish(channel, code);
  });
}

/** Copies a stream into another one without ending it; settles when all has been taken. */
function piped(from: Readable, to: Writable): Promise<void> {
  from.pipe(to, { end: false });
  return new Promise((resolve) => {
    from.once('end', () => resolve());
    from.once('close', () => resolve());
    from.once('error', () => resolve());
    to.once('close', () => resolve());
  });
}

function refuse(channel: ServerChannel, why: string): void {
  channel.stderr.write(`${why}\n`);
  finish(channel, 126);
}

function finish(channel: ServerChannel, code: number): void {
  if (channel.writable) {
    channel.exit(code);
    channel.end();
  }
}

function between(number: number, usual: number): number {
  return number >= 1 && number <= 1_000 ? number : usual;
}

function isSignal(name: string): name is NodeJS.Signals {
  return ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2', 'SIGTERM'].includes(name);
}
