import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { DevboxError } from '../errors';
import { shortageOf } from './shortage';

/**
 * Starts a program of the host. Without a descriptor left Node gives a child that has none of its streams and tells of it
 * by an event, which comes after the missing stream has already made its user fail.
 * @throws DevboxError `exhausted` where the computer has no descriptors left, `invalid` where its words are too long
 */
export function startProgram(file: string, words: readonly string[], options: SpawnOptions): ChildProcess {
  let child: ChildProcess;
  try {
    child = spawn(file, words, options);
  } catch (error) {
    throw new DevboxError(
      error instanceof Error && 'code' in error && error.code === 'E2BIG' ? 'invalid' : 'failed',
      `The program could not be started: ${error instanceof Error ? error.message : String(error)}.`,
      { cause: error },
    );
  }
  const { stdin, stdout }: { stdin: unknown; stdout: unknown } = child;
  if (child.pid === undefined && stdin === undefined && stdout === undefined) {
    child.on('error', () => undefined);
    const sentence = shortageOf({ code: 'EMFILE' })?.sentence ?? '';
    throw new DevboxError('exhausted', `No program can be started now. ${sentence}`);
  }
  return child;
}
