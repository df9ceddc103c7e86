import { DevboxError } from '../errors';
import { programOn } from '../../ground/programOn';

/** The search path of a plain Linux, used for the host's own programs and inside devboxes. */
export const systemPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** The absolute path of a host program, or undefined if it is not installed. */
export function findProgram(name: string): string | undefined {
  return programOn(name, `${systemPath}:${process.env['PATH'] ?? ''}`);
}

/**
 * The absolute path of a host program that is needed.
 * @throws DevboxError `failed` that names it.
 */
export function requireProgram(name: string): string {
  const path = findProgram(name);
  if (path === undefined) {
    throw new DevboxError(
      'failed',
      `The program ${name} was not found. Install it (on Debian: bash, coreutils, util-linux).`,
    );
  }
  return path;
}

/** Words in front of a command that make the kernel end it when the platform ends, where util-linux offers that. */
export function dieWithParent(): readonly string[] {
  const setpriv = findProgram('setpriv');
  return setpriv === undefined ? [] : [setpriv, '--pdeathsig', 'KILL', '--'];
}
