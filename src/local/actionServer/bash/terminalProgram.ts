import { execFile } from 'node:child_process';
import { programOn } from '../../../ground/programOn';
import { promisify } from 'node:util';

/** The programs that make a shell on a terminal. */
export interface TerminalProgram {
  readonly bash: string;
  /** The `script` of util-linux, which makes the terminal; undefined where there is none. */
  readonly script: string | undefined;
}

/**
 * Looks for bash and for a program that makes terminals.
 *
 * @param searchPath value of PATH
 * @throws Error when there is no bash
 */
export async function findTerminalProgram(searchPath: string): Promise<TerminalProgram> {
  const bash = programOn('bash', searchPath);
  if (bash === undefined) throw new Error('There is no bash on PATH. Install bash.');
  const script = programOn('script', searchPath);
  return { bash, script: script !== undefined && (await isUtilLinux(script)) ? script : undefined };
}

/** The BSD program of the same name has other options. */
async function isUtilLinux(script: string): Promise<boolean> {
  try {
    const { stdout } = await promisify(execFile)(script, ['--version'], { timeout: 5000 });
    return stdout.includes('util-linux');
  } catch (error) {
    if (error instanceof Error && 'code' in error) return false;
    throw error;
  }
}
