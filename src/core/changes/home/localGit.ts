import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { programOn } from '../../../ground/programOn';
import { endedBy, isAborted, RuntimeError } from '../../errors';
import { oneLine } from '../../safeText';
import { changesProblem } from '../../problems/changes';
import { redact } from '../../redact';
import { runProcess } from './localProcess';

/** The most that one command of git's may print. */
const mostOutput = 64 * 1024 * 1024;

/** How git is run on this computer: never a hook, never a question, never a program that a configuration names. */
const quiet = [
  '--no-pager',
  ...['core.hooksPath=/dev/null', 'core.fsmonitor=false', 'gc.auto=0', 'maintenance.auto=false'].flatMap((setting) => [
    '-c',
    setting,
  ]),
];

const limited = 'ulimit -v "$0" 2>/dev/null; exec "$@"';

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs git on this computer and waits for its end, also where it is cancelled; that it fails is no error here.
 *
 * @param folder where it runs
 * @throws RuntimeError if there is no git, or for the reason of the signal
 */
export async function localGit(
  folder: string,
  args: readonly string[],
  {
    signal,
    input,
    env = {},
    mostMemory,
  }: {
    readonly signal: AbortSignal;
    readonly input?: string;
    readonly env?: NodeJS.ProcessEnv;
    /** Bytes that it may take, where the system can hold it to that: not on Windows, and not on macOS. */
    readonly mostMemory?: number;
  },
): Promise<GitResult> {
  if (signal.aborted) throw endedBy(signal);
  // Not by its name: where the search path has "." in it, and on Windows always, that may be a program of the folder's own.
  const git = programOn(process.platform === 'win32' ? 'git.exe' : 'git', process.env['PATH'] ?? '');
  if (git === undefined) throw new RuntimeError({ problem: changesProblem('home_no_git') });
  const options = { folder, env: { ...environment(), ...env }, input: input ?? '', signal, mostOutput };
  const all = [...quiet, ...args];
  let ended;
  try {
    ended =
      mostMemory === undefined || process.platform === 'win32'
        ? await runProcess(git, all, options)
        : await runProcess('/bin/sh', ['-c', limited, String(mostMemory / 1024), git, ...all], options);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    const isGone = code === 'ENOENT' && !existsSync(folder);
    const problem = isGone
      ? changesProblem('home_not_repository', { name: oneLine(basename(folder), 100) })
      : changesProblem('home_git_failed', { why: code });
    throw new RuntimeError({ problem, cause: error });
  }
  const { exitCode, isTooMuch, stdout, stderr } = ended;
  // What was done in spite of a cancellation is done.
  if (exitCode !== 0 && isAborted(signal)) throw endedBy(signal);
  if (isTooMuch) {
    // A few trees in each other can list more files than any computer holds.
    const size = (mostOutput / 1024 / 1024).toLocaleString();
    throw new RuntimeError({ problem: changesProblem('home_many', { size }) });
  }
  if (exitCode === undefined) {
    throw new RuntimeError({ problem: changesProblem('home_git_failed', { why: ended.endedBy ?? '' }) });
  }
  return { exitCode, stdout, stderr: stderr.toString() };
}

/** The same where it must succeed. @returns what it printed, without the last newline */
export async function gitText(
  folder: string,
  args: readonly string[],
  options: { readonly signal: AbortSignal; readonly input?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<string> {
  const { exitCode, stdout, stderr } = await localGit(folder, args, options);
  if (exitCode !== 0) throw gitFailed(stderr);
  return stdout.toString().replace(/\n$/, '');
}

/** The error for a git that failed, with the line that tells of it. */
export function gitFailed(stderr: string): RuntimeError {
  if (isFull(stderr)) return new RuntimeError({ problem: changesProblem('home_no_space') });
  if (isOfPartial(stderr)) return new RuntimeError({ problem: changesProblem('home_partial') });
  return new RuntimeError({ problem: changesProblem('home_git_failed', { why: failureIn(redact(stderr)) }) });
}

/** The line in which git tells why it failed: what follows it may be advice. */
export function failureIn(stderr: string): string {
  const lines = stderr.trim().split('\n');
  return oneLine(lines.find((line) => /^(?:fatal|error)/.test(line)) ?? lines.at(-1) ?? '', 300);
}

/** Waits for files to be written. @throws RuntimeError `home_no_space` where there is no space for them */
export async function withSpace<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const isOfSpace = error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT');
    throw isOfSpace ? new RuntimeError({ problem: changesProblem('home_no_space'), cause: error }) : error;
  }
}

/** Whether git would have asked another computer for objects that a partial clone does not have. */
export function isOfPartial(stderr: string): boolean {
  return /from promisor remote|transport '[^']*' not allowed/.test(stderr);
}

/** Whether git could not write for want of space. */
export function isFull(stderr: string): boolean {
  return /No space left on device|Disk quota exceeded/.test(stderr);
}

/** The environment without what leads git elsewhere: a configuration may send it from a file to another computer. */
function environment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.toUpperCase().startsWith('GIT_'));
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'file',
    GIT_NO_REPLACE_OBJECTS: '1',
  };
}
