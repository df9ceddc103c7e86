import { posix } from 'node:path';
import { DevboxError } from './errors';
import type { DevboxRun } from './devboxRun';

/** The largest text the API moves in one piece, in bytes. */
const largestFile = 100 * 1024 * 1024;

/** What a file operation inside a devbox said. */
interface Outcome {
  readonly code: number;
  readonly stdout: Buffer;
  readonly stderr: string;
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
   * Reads a file.
   * @throws DevboxError `not_found` if it cannot be read, `invalid` if it is too large
   */
  async read(path: string): Promise<Buffer> {
    const outcome = await this.#shell(`[ -f "$file" ] || { echo "there is no such file" >&2; exit 1; }
[ "$(stat -Lc %s -- "$file")" -le ${largestFile} ] || exit 3
exec cat -- "$file"`, path);
    if (outcome.code === 3) {
      throw new DevboxError('invalid', `The file ${path} is larger than 100 MB and cannot be read as text.`);
    }
    if (outcome.code !== 0) {
      throw new DevboxError('not_found', `The file ${path} could not be read in the devbox: ${outcome.stderr.trim()}.`);
    }
    return outcome.stdout;
  }

  /**
   * Writes a file and makes the folders above it.
   * @param mode octal permissions for the file, for example `600`; undefined leaves them to the devbox
   * @returns exit status and messages of the writing command; a refusal of the file system is not an exception
   */
  async write(path: string, content: Buffer, mode?: string): Promise<{ code: number; stdout: string; stderr: string }> {
    const protect = mode === undefined ? '' : `umask 077; : >> "$file" && chmod ${mode} -- "$file" || exit 1\n`;
    const outcome = await this.#shell(`mkdir -p -- "$(dirname -- "$file")" || exit 1
${protect}exec cat > "$file"`, path, content);
    return { code: outcome.code, stdout: outcome.stdout.toString(), stderr: outcome.stderr };
  }

  async #shell(script: string, path: string, input?: Buffer): Promise<Outcome> {
    if (path === '' || path.includes('\0')) {
      throw new DevboxError('invalid', 'The path of a file must not be empty or contain a NUL character.');
    }
    const { sandbox, environment } = this.#run();
    const { prefix } = sandbox;
    const fence = prefix === '' ? '' : `real=$(realpath -m -- "$file") || exit 1
case $real in "$2"/*) ;; *) echo "it leads out of the devbox" >&2; exit 1 ;; esac
`;
    const stdout: Buffer[] = [];
    let stderr = '';
    const command = sandbox.run({
      argv: ['/bin/bash', '--norc', '-c', `file=$1\n${fence}${script}`, 'devbox-files', this.#locate(path, prefix), prefix],
      // The devbox's own search path and mark, but none of the caller's variables.
      environment: { PATH: environment['PATH'] ?? '' },
      cwd: `${prefix}/`,
      ...(input === undefined ? {} : { input }),
      onStdout: (chunk) => stdout.push(chunk),
      onStderr: (chunk) => (stderr = (stderr + chunk.toString()).slice(0, 4_000)),
    });
    const { code } = await command.exited;
    await command.closed;
    return { code, stdout: Buffer.concat(stdout), stderr };
  }

  /** A path of the API as an absolute path the sandbox understands. */
  #locate(path: string, prefix: string): string {
    const expanded = path === '~' || path.startsWith('~/') ? this.#home + path.slice(1) : path;
    return prefix + posix.resolve(this.#home, expanded);
  }
}
