import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { join } from 'node:path';
import { type ActingUser, commandOf } from '../actingUser';
import type { Logger } from '../logging';
import { quote } from '../../../ground/shellWords';
import type { TerminalProgram } from './terminalProgram';

/** How a shell is started. */
export interface ShellOptions {
  readonly workingDir: string;
  readonly tempDir: string;
  readonly environment: Record<string, string>;
  readonly program: TerminalProgram;
  readonly user: ActingUser;
  readonly log: Logger;
  /** Aborts when no shell is wanted any more; a start in progress then ends. */
  readonly signal: AbortSignal;
}

/**
 * Starts an interactive bash, on a terminal where there is a program that makes one.
 *
 * @param folder holds its start-up file, `start`
 */
export function spawnBash(folder: string, options: ShellOptions): ChildProcessWithoutNullStreams {
  const { bash, script } = options.program;
  const bashArguments = ['--noediting', '--rcfile', join(folder, 'start'), '-i'];
  const inner = `exec ${[bash, ...bashArguments].map(quote).join(' ')}`;
  // Both outputs go through one pipe, as on a terminal: two pipes do not keep the order of what came through them.
  const pipedArguments = ['-c', `${inner} 2>&1`];
  const { file, args } = commandOf(
    options.user,
    script ?? bash,
    script === undefined ? pipedArguments : ['-qefc', inner, '/dev/null'],
  );
  return spawn(file, args, {
    cwd: options.workingDir,
    env: { ...options.environment, ...options.user.environment, SHELL: bash },
    detached: true,
    stdio: 'pipe',
  });
}
