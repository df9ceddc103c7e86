import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { newFileName } from '../../ids';
import type { SandboxProcess } from '../../sandbox/sandbox';
import { DevboxError } from '../../errors';
import type { DevboxRun } from './devboxRun';
import type { DevboxUser } from '../../sandbox/users';

/** The largest text the API moves in one piece, in bytes. */
export const largestText = 100 * 1024 * 1024;

/** A file that is being read. */
export interface OpenFile {
  /** Bytes that will come; undefined when the file does not say. */
  readonly size: number | undefined;
  readonly content: Readable;
  /** Ends reading before the end. */
  stop(): void;
}

/** What a file operation inside a devbox said. */
interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** How a file is written. */
export interface WriteOptions {
  /** Octal permissions for the file, for example `600`; undefined leaves them to the devbox. */
  readonly mode?: string;
  /** Who writes it, if not the devbox's own user. */
  readonly user?: DevboxUser;
  /** Whose it is then, if not the writer's. */
  readonly owner?: DevboxUser;
}

/**
 * Reads and writes a devbox's files from inside its sandbox, so that a path means what it means there: a link can only
 * lead to what the devbox itself can see. Without a file system view, paths that lead out of its folder are refused.
 */
export class DevboxFiles {
  readonly #run: () => DevboxRun;
  readonly #home: string;

  /**
   * @param run gives the devbox's present run
   * @param home home folder as the API names it (`/home/user`)
   */
  constructor(run: () => DevboxRun, home: string) {
    this.#run = run;
    this.#home = home;
  }

  /**
   * Opens a file for reading; its bytes come as fast as they are read.
   * @param limit the largest size in bytes that is accepted
   * @throws DevboxError `not_found` if it cannot be read, `invalid` if it is no file or too large
   */
  async open(path: string, limit = Number.POSITIVE_INFINITY): Promise<OpenFile> {
    // Files of the kernel's have no size; they are read to their end.
    const process = this.#start(
      `if [ -d "$file" ]; then echo "folder"; exit; fi
[ -f "$file" ] || { echo "there is no such file" >&2; exit 1; }
exec < "$file" || exit 1
size=$(stat -Lc %s -- /proc/self/fd/0) || exit 1
echo "$size"
if [ "$size" = 0 ]; then exec cat; else exec head -c "$size"; fi`,
      path,
    );
    let complaint = '';
    process.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(0, 4_000)));
    const line = await firstLine(process.stdout);
    if (line === undefined) {
      await process.closed;
      throw new DevboxError('not_found', `The file ${path} could not be read in the devbox: ${complaint.trim()}.`);
    }
    const stop = (): void => process.kill('SIGKILL', 'group');
    if (line === 'folder' || Number(line) > limit) {
      stop();
      const why =
        line === 'folder'
          ? 'a folder, not a file'
          : 'larger than 100 MB and cannot be read as text. Use download_file for it';
      throw new DevboxError('invalid', `${path} is ${why}.`);
    }
    return { size: line === '0' ? undefined : Number(line), content: process.stdout, stop };
  }

  /**
   * Takes a file's bytes into the devbox, under a name of the platform's own.
   * @returns a name to give to `place` or `discard`
   * @throws DevboxError `failed` when they cannot be stored, and the stream's own error
   */
  async receive(content: Readable): Promise<string> {
    const name = `/var/tmp/.upload-${newFileName()}`;
    const process = this.#start(`mkdir -p -- "$(dirname -- "$file")" && exec cat > "$file"`, name, 'open');
    let complaint = '';
    process.stdout.resume();
    process.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(0, 4_000)));
    const { stdin } = process;
    if (stdin === undefined) {
      throw new DevboxError('failed', 'The upload could not be started.');
    }
    try {
      await pipeline(content, stdin);
    } catch (error) {
      // The reader's own message says more than that its pipe broke.
      process.kill('SIGKILL', 'group');
      await process.closed;
      await this.discard(name);
      throw complaint === '' ? error : new DevboxError('failed', `The upload could not be stored: ${complaint.trim()}`);
    }
    const { code } = await process.exited;
    await process.closed;
    if (code !== 0) {
      await this.discard(name);
      throw new DevboxError('failed', `The upload could not be stored: ${complaint.trim() || `exit code ${code}`}`);
    }
    return name;
  }

  /**
   * Gives received bytes their place in one step; a file that is there keeps its permissions.
   * @throws DevboxError `invalid` when there cannot be a file of this name
   */
  async place(received: string, path: string): Promise<void> {
    const outcome = await this.#shell(
      `[ ! -d "$file" ] || { echo "it is a folder" >&2; exit 1; }
target=$(realpath -m -- "$file") || exit 1
mkdir -p -- "$(dirname -- "$target")" || exit 1
if [ -e "$target" ]; then chmod --reference="$target" -- "$2$3"; fi
exec mv -f -- "$2$3" "$target"`,
      path,
      undefined,
      [received],
    );
    if (outcome.code !== 0) {
      await this.discard(received);
      throw new DevboxError('invalid', `The file ${path} could not be written: ${outcome.stderr.trim()}.`);
    }
  }

  /** Removes received bytes that are not wanted. */
  async discard(received: string): Promise<void> {
    await this.#shell('rm -f -- "$file"', received);
  }

  /**
   * Writes a file and makes the folders above it.
   * @returns exit status and messages of the writing command; a refusal of the file system is not an exception
   */
  async write(
    path: string,
    content: Buffer,
    { mode, user, owner }: WriteOptions = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const protect = mode === undefined ? '' : `umask 077; : >> "$file" && chmod ${mode} -- "$file" || exit 1\n`;
    const outcome = await this.#shell(
      `mkdir -p -- "$(dirname -- "$file")" || exit 1
${protect}cat > "$file"${owner === undefined ? '' : ` && chown ${owner.name}: -- "$file"`}`,
      path,
      content,
      [],
      user,
    );
    return { code: outcome.code, stdout: outcome.stdout.toString(), stderr: outcome.stderr };
  }

  async #shell(
    script: string,
    path: string,
    input?: Buffer,
    more: readonly string[] = [],
    user?: DevboxUser,
  ): Promise<Outcome> {
    const command = this.#start(script, path, input, more, user);
    const stdout: Buffer[] = [];
    let stderr = '';
    command.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    command.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(0, 4_000)));
    const { code } = await command.exited;
    await command.closed;
    return { code, stdout: Buffer.concat(stdout), stderr };
  }

  /** Starts a shell script that finds the file in `$file`, the sandbox's prefix in `$2` and `more` in the words after. */
  #start(
    script: string,
    path: string,
    input?: Buffer | 'open',
    more: readonly string[] = [],
    user?: DevboxUser,
  ): SandboxProcess {
    if (path === '' || path.includes('\0')) {
      throw new DevboxError('invalid', 'The path of a file must not be empty or contain a NUL character.');
    }
    const { sandbox, environment, user: own } = this.#run();
    const { prefix } = sandbox;
    const fence =
      prefix === ''
        ? ''
        : `real=$(realpath -m -- "$file") || exit 1
case $real in "$2"/*) ;; *) echo "it leads out of the devbox" >&2; exit 1 ;; esac
`;
    return sandbox.run({
      argv: [
        '/bin/bash',
        '--norc',
        '-c',
        `file=$1\n${fence}${script}`,
        'devbox-files',
        this.#locate(path, prefix),
        prefix,
        ...more,
      ],
      // The devbox's own search path and mark, but none of the caller's variables.
      environment: { PATH: environment['PATH'] ?? '' },
      cwd: `${prefix}/`,
      user: user ?? own,
      ...(input === undefined ? {} : { input }),
    });
  }

  /** A path of the API as an absolute path the sandbox understands. */
  #locate(path: string, prefix: string): string {
    const expanded = path === '~' || path.startsWith('~/') ? this.#home + path.slice(1) : path;
    return prefix + posix.resolve(this.#home, expanded);
  }
}

/** Reads up to the first line end and leaves the rest in the stream; undefined when the stream ends before. */
async function firstLine(stream: Readable): Promise<string | undefined> {
  let seen = Buffer.alloc(0);
  for (;;) {
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) {
      seen = Buffer.concat([seen, chunk]);
      const end = seen.indexOf('\n');
      if (end >= 0) {
        stream.unshift(seen.subarray(end + 1));
        return seen.toString('utf8', 0, end);
      }
      continue;
    }
    if (stream.readableEnded || stream.destroyed) {
      return undefined;
    }
    await new Promise<void>((resolve) => {
      const settle = (): void => {
        for (const event of ['readable', 'end', 'close', 'error']) {
          stream.removeListener(event, settle);
        }
        resolve();
      };
      for (const event of ['readable', 'end', 'close', 'error']) {
        stream.once(event, settle);
      }
    });
  }
}
