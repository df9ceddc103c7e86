import { posix } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { newFileName } from '../../ids';
import type { SandboxProcess } from '../../sandbox/sandbox';
import { DevboxError } from '../../errors';
import { Bound } from './bound';
import type { DevboxRun } from './devboxRun';
import type { FileStep } from '../../sandbox/hands/fileStep';
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
  /** Ends with who wants it written. */
  readonly client?: AbortSignal;
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
   * @param client ends with who reads it
   * @throws DevboxError `not_found` if it cannot be read, `invalid` if it is no file or too large
   */
  async open(path: string, limit = Number.POSITIVE_INFINITY, client?: AbortSignal): Promise<OpenFile> {
    const { process, bound } = this.#start({ what: 'read', path }, client);
    let complaint = '';
    process.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(0, 4_000)));
    const line = await bound.within(firstLine(process.stdout));
    if (line === undefined) {
      await bound.within(process.closed);
      bound.dispose();
      throw new DevboxError('not_found', `The file ${path} could not be read in the devbox: ${complaint.trim()}.`);
    }
    // From here on it takes as long as the client takes, and no longer.
    bound.endsWithClientOnly();
    void process.exited.then(() => bound.dispose());
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
  async receive(content: Readable, client?: AbortSignal): Promise<string> {
    const name = `/var/tmp/.upload-${newFileName()}`;
    const { process, bound } = this.#start({ what: 'receive', path: name, input: 'open' }, client);
    // As long as bytes come it may take.
    bound.endsWithClientOnly();
    let complaint = '';
    process.stdout.resume();
    process.stderr.on('data', (chunk: Buffer) => (complaint = (complaint + chunk.toString()).slice(0, 4_000)));
    const { stdin } = process;
    if (stdin === undefined) {
      throw new DevboxError('failed', 'The upload could not be started.');
    }
    try {
      await pipeline(content, stdin);
      bound.restart();
      const { code } = await bound.within(process.exited);
      await bound.within(process.closed);
      if (code !== 0) {
        throw new DevboxError('failed', `it ended with exit code ${code}`);
      }
    } catch (error) {
      // What is said inside says more than that its pipe broke.
      process.kill('SIGKILL', 'group');
      await this.discard(name);
      throw complaint === '' ? error : new DevboxError('failed', `The upload could not be stored: ${complaint.trim()}`);
    } finally {
      bound.dispose();
    }
    return name;
  }

  /**
   * Gives received bytes their place in one step; a file that is there keeps its permissions.
   * @throws DevboxError `invalid` when there cannot be a file of this name
   */
  async place(received: string, path: string): Promise<void> {
    const outcome = await this.#complete({ what: 'place', path, received: this.#run().sandbox.prefix + received });
    if (outcome.code !== 0) {
      await this.discard(received);
      throw new DevboxError('invalid', `The file ${path} could not be written: ${outcome.stderr.trim()}.`);
    }
  }

  /** Removes received bytes that are not wanted. */
  async discard(received: string): Promise<void> {
    await this.#complete({ what: 'discard', path: received });
  }

  /**
   * Writes a file and makes the folders above it.
   * @returns exit status and messages of the writing command; a refusal of the file system is not an exception
   */
  async write(
    path: string,
    content: Buffer,
    { mode, user, owner, client }: WriteOptions = {},
  ): Promise<{ code: number; stdout: string; stderr: string }> {
    const outcome = await this.#complete({ what: 'write', path, input: content, mode, owner }, user, client);
    return { code: outcome.code, stdout: outcome.stdout.toString(), stderr: outcome.stderr };
  }

  async #complete(
    step: Omit<FileStep, 'user' | 'input'> & { readonly input?: Buffer },
    user?: DevboxUser,
    client?: AbortSignal,
  ): Promise<Outcome> {
    const { process, bound } = this.#start(step, client, user);
    const stdout: Buffer[] = [];
    let stderr = '';
    process.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    process.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString()).slice(0, 4_000)));
    try {
      const { code } = await bound.within(process.exited);
      await bound.within(process.closed);
      return { code, stdout: Buffer.concat(stdout), stderr };
    } finally {
      bound.dispose();
    }
  }

  #start(
    step: Omit<FileStep, 'user'>,
    client: AbortSignal | undefined,
    user?: DevboxUser,
  ): { readonly process: SandboxProcess; readonly bound: Bound } {
    if (step.path === '' || step.path.includes('\0')) {
      throw new DevboxError('invalid', 'The path of a file must not be empty or contain a NUL character.');
    }
    const { sandbox, user: own } = this.#run();
    const process = sandbox.reach({ ...step, path: this.#locate(step.path, sandbox.prefix), user: user ?? own });
    // With the devbox's run its sandbox ends it.
    return { process, bound: new Bound(process, client) };
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
