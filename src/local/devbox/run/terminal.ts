import type { Readable } from 'node:stream';
import { quote } from '../../../ground/shellWords';
import { Bound } from './bound';
import type { DevboxRun } from './devboxRun';
import { DevboxError } from '../../errors';
import { findProgram } from '../../host/hostPrograms';
import { platformFolder } from '../../sandbox/devboxTools';
import { newFileName } from '../../ids';
import type { SandboxProcess } from '../../sandbox/sandbox';

/** Size of a terminal in characters. */
export interface TerminalSize {
  readonly cols: number;
  readonly rows: number;
}

/** What runs on a new terminal. */
export interface TerminalOptions {
  readonly size: TerminalSize;
  /** A shell command; undefined starts an interactive bash. */
  readonly command?: string | undefined;
  readonly environment?: Readonly<Record<string, string>>;
}

/** Says where the terminal is and who leads it, sets it up, and becomes the command. Arguments: file, size, command. */
const startScript = String.raw`
mkdir -p -- "\${1%/*}" && echo "$(tty) $$" > "$1"
stty sane rows "$3" cols "$2"
if [ $# -gt 3 ]; then exec /bin/bash -c "$4"; fi
exec /bin/bash -i
`.replaceAll('\\$', '$');

/** Waits for the note that the start leaves. */
const readNote = `for i in {1..40}; do [ -s "$1" ] && break; sleep 0.05; done
read -r tty pid < "$1" || exit 1
`;

/** The sixth field after the name is the process group in the foreground. */
const signalScript = `${readNote}stat=$(cat /proc/$pid/stat) || exit 1
set -- "$2" \${stat##*) }
[ "$7" -gt 0 ] && kill -s "$1" -- "-$7"`;

/**
 * A real terminal inside a devbox with a command on it. util-linux' `script` makes it and carries its bytes over pipes,
 * so that no native module is needed; what pipes cannot carry, sizes and signals, small commands inside do.
 */
export class DevboxTerminal {
  /** Settles with the command's exit code. */
  readonly exited: Promise<number>;
  readonly #run: DevboxRun;
  readonly #note: string;
  readonly #process: SandboxProcess;

  /**
   * Opens a terminal.
   * @throws DevboxError `not_offered` where the host has no `script`
   */
  constructor(run: DevboxRun, options: TerminalOptions) {
    const script = findProgram('script');
    if (script === undefined) {
      throw new DevboxError(
        'not_offered',
        'Terminals need the program script of util-linux, which this computer does not have. Install it (on Debian: bsdutils).',
      );
    }
    this.#run = run;
    this.#note = `${run.sandbox.prefix}${platformFolder}/terminals/${newFileName()}`;
    const words = [
      this.#note,
      String(options.size.cols),
      String(options.size.rows),
      ...(options.command === undefined ? [] : [options.command]),
    ];
    const inner = ['/bin/bash', '--norc', '-c', startScript, 'terminal', ...words].map(quote).join(' ');
    const pipes = run.sandbox.pipes.takeReady(3);
    this.#process = run.launch({
      ...(pipes === undefined ? {} : { pipes }),
      argv: [script, '-qefc', `exec ${inner}`, '/dev/null'],
      environment: { ...options.environment, SHELL: '/bin/bash' },
      input: 'open',
    });
    this.#process.stderr.resume();
    this.exited = this.#process.exited.then(({ code }) => code);
    // The note goes with the devbox at the latest.
    void this.#process.closed.then(() => this.#forget()).catch(() => undefined);
  }

  /** What the terminal shows, as bytes. Pausing it makes the command wait. */
  get output(): Readable {
    return this.#process.stdout;
  }

  /**
   * Types bytes.
   * @returns false when the command is slow to read them; `drained` tells when it has
   */
  write(bytes: Buffer): boolean {
    const { stdin } = this.#process;
    return stdin?.writable === true ? stdin.write(bytes) : true;
  }

  /** Calls back once when typed bytes have been read. */
  drained(listener: () => void): void {
    this.#process.stdin?.once('drain', listener);
  }

  /** Changes the size; the command is told with SIGWINCH. */
  async resize(size: TerminalSize): Promise<void> {
    await this.#inside(`${readNote}stty -F "$tty" rows "$3" cols "$2"`, String(size.cols), String(size.rows));
  }

  /**
   * Sends a signal to the process group in the foreground.
   * @param name for example `INT`
   * @returns false when there is no such group
   */
  signal(name: string): Promise<boolean> {
    return this.#inside(signalScript, name);
  }

  /** Hangs up: the terminal is gone, its processes get SIGHUP. */
  close(): void {
    this.#process.kill('SIGKILL', 'group');
  }

  async #inside(script: string, ...words: readonly string[]): Promise<boolean> {
    if (this.#run.signal.aborted) {
      return false;
    }
    const process = this.#run.launch({ argv: ['/bin/bash', '--norc', '-c', script, 'terminal', this.#note, ...words] });
    process.stdout.resume();
    process.stderr.resume();
    const bound = new Bound(process);
    try {
      const { code } = await bound.within(process.exited);
      return code === 0;
    } finally {
      bound.dispose();
    }
  }

  async #forget(): Promise<void> {
    await this.#inside('rm -f -- "$1"');
  }
}
