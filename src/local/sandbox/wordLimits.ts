import { DevboxError } from '../errors';

/** The longest single word that Linux takes in a program's arguments or environment, in bytes, its end included. */
const longestWord = 128 * 1024;

/** The longest command, in bytes: it is one word. */
const longestCommand = longestWord - 1;

/** What is put in front of a variable's name on its way into a devbox, in bytes. */
const carriedMore = 15;

/**
 * All variables of a devbox together, in bytes, each with its name, two characters more and the kernel's note of where it is.
 * Linux takes 2 MiB of arguments and environment together; the rest is for the words of commands, and for what a devbox adds.
 */
const largestEnvironment = 1024 * 1024;

/**
 * Refuses variables that no program could be started with.
 * @throws DevboxError `invalid` that names the limit
 */
export function requireStartable(environment: Readonly<Record<string, string>>, whose = 'environment variable'): void {
  let all = 0;
  for (const [name, value] of Object.entries(environment)) {
    if (name === '' || name.includes('=') || name.includes('\0') || value.includes('\0')) {
      throw new DevboxError(
        'invalid',
        `The ${whose} "${name.slice(0, 100)}" is not acceptable: a name must not be empty or contain =, and neither may contain a NUL character.`,
      );
    }
    const size = Buffer.byteLength(name) + Buffer.byteLength(value) + 2;
    const most = longestWord - carriedMore;
    if (size > most) {
      throw new DevboxError(
        'invalid',
        `The ${whose} ${name.slice(0, 100)} is too long: name and value together may have ${most - 2} bytes, which is what Linux takes; these have ${size - 2}. Put long text into a file mount.`,
      );
    }
    all += size + 8 + carriedMore;
  }
  if (all > largestEnvironment) {
    throw new DevboxError(
      'invalid',
      `The environment is too large: all variables together may have ${largestEnvironment} bytes, counting ${8 + carriedMore + 2} for each beside its name and value; these have ${all}. Put long texts into file mounts.`,
    );
  }
}

/**
 * Refuses a command that no shell could be started with.
 * @param what for example `A launch command`
 * @throws DevboxError `invalid` that names the limit
 */
export function requireCommand(command: string, what: string): void {
  if (command.includes('\0')) {
    throw new DevboxError('invalid', `${what} must not contain a NUL character.`);
  }
  const size = Buffer.byteLength(command);
  if (size > longestCommand) {
    throw new DevboxError(
      'invalid',
      `${what} is too long: it may have ${longestCommand} bytes, which is what Linux takes as one word; this one has ${size}. Put long text into a file mount.`,
    );
  }
}

/** The longest path that Linux takes, and the longest name in one, in bytes. */
const longestPath = 4_095;
const longestName = 255;

/**
 * Refuses a path at which there can be nothing.
 * @param what for example `The path of a file mount`
 * @throws DevboxError `invalid` that names the limit
 */
export function requirePath(path: string, what: string): void {
  if (path.includes('\0')) {
    throw new DevboxError('invalid', `${what} must not contain a NUL character.`);
  }
  const size = Buffer.byteLength(path);
  if (size > longestPath) {
    throw new DevboxError(
      'invalid',
      `${what} is too long: Linux takes paths of ${longestPath} bytes; this one has ${size}.`,
    );
  }
  const name = path.split('/').find((part) => Buffer.byteLength(part) > longestName);
  if (name !== undefined) {
    throw new DevboxError(
      'invalid',
      `${what} has a name that is too long in it: Linux takes names of ${longestName} bytes; "${name.slice(0, 40)}…" has ${Buffer.byteLength(name)}.`,
    );
  }
}
