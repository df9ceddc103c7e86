import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { endedBy, RuntimeError } from '../../errors';
import { oneLine } from '../../safeText';
import { changesProblem } from '../../problems/changes';
import { redact } from '../../redact';

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

export interface GitResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/**
 * Runs git on this computer and waits for its end; that it fails is no error here.
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
  }: { readonly signal: AbortSignal; readonly input?: string; readonly env?: NodeJS.ProcessEnv },
): Promise<GitResult> {
  return new Promise((resolve, reject) => {
    const options = {
      cwd: folder,
      env: { ...environment(), ...env },
      signal,
      maxBuffer: mostOutput,
      encoding: 'buffer',
    } as const;
    const child = execFile('git', [...quiet, ...args], options, (error, stdout, stderr) => {
      const code = error?.code;
      if (error === null || typeof code === 'number') {
        resolve({ exitCode: typeof code === 'number' ? code : 0, stdout, stderr: stderr.toString() });
      } else if (code === 'ENOENT' && !existsSync(folder)) {
        // It is told in the same way of a folder that is gone.
        const problem = changesProblem('home_not_repository', { name: oneLine(basename(folder), 100) });
        reject(new RuntimeError({ problem, cause: error }));
      } else if (code === 'ENOENT') {
        reject(new RuntimeError({ problem: changesProblem('home_no_git'), cause: error }));
      } else if (signal.aborted) {
        reject(endedBy(signal));
      } else {
        reject(new RuntimeError({ problem: changesProblem('home_git_failed', { why: String(code) }), cause: error }));
      }
    });
    // Not all of them read it to its end.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

/** The same where it must succeed. @returns what it printed, without the last newline */
export async function gitText(
  folder: string,
  args: readonly string[],
  options: { readonly signal: AbortSignal; readonly input?: string },
): Promise<string> {
  const { exitCode, stdout, stderr } = await localGit(folder, args, options);
  if (exitCode !== 0) throw gitFailed(stderr);
  return stdout.toString().replace(/\n$/, '');
}

/** The error for a git that failed, with the end of its output. */
export function gitFailed(stderr: string): RuntimeError {
  const why = oneLine(redact(stderr).trim().split('\n').at(-1) ?? '', 300);
  return new RuntimeError({ problem: changesProblem('home_git_failed', { why }) });
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
