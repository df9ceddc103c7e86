import { pipeline } from 'node:stream/promises';
import { DevboxError } from '../../errors';
import { root } from '../../sandbox/users';
import type { BuildRoom } from './buildRoom';
import { outputOf } from './roomOutput';

/** What is brought from one stage into another. */
export interface StageFiles {
  readonly from: BuildRoom | undefined;
  readonly to: BuildRoom;
  /** Where the other room gets them. */
  readonly folder: string;
  /** Relative to the stage's root; may have wildcards. */
  readonly sources: readonly string[];
  readonly use: 'copy' | 'bind';
}

/** Lists what the patterns in its arguments find, with links followed as they lead within the stage. */
const listScript = String.raw`
shopt -s dotglob nullglob globstar
IFS=
cd -- "$1/" || exit 1
shift
for pattern in "$@"; do
  if [ -e "$pattern" ] || [ -L "$pattern" ]; then found=("$pattern"); else
    # As with BuildKit, a wildcard may find nothing.
    case $pattern in *[*?[]*) found=($pattern) ;; *) found=(); printf '\0%s\0' "$pattern" ;; esac
  fi
  for path in "${'$'}{found[@]}"; do
    real=$(readlink -f -- "$path") || real=$PWD/$path
    if [ -d "$real" ]; then kind=d; else kind=f; fi
    printf '%s%s\0%s\0' "$kind" "$real" "$path"
  done
done
`;

/**
 * Brings files of a stage into another stage's room: packed there, unpacked here, each below a number of its own, so that
 * two of one name stay apart.
 * @returns the names below the folder, in the order of the sources
 */
export async function bringFromStage({ from, to, folder, sources, use }: StageFiles): Promise<readonly string[]> {
  if (from === undefined) {
    throw new DevboxError('failed', 'The stage that is copied from is not there.');
  }
  const list = ['/bin/bash', '--norc', '-c', listScript, 'list', from.run.sandbox.prefix, ...sources];
  const words = (await outputOf(from, list)).split('\0').slice(0, -1);
  const brought: string[] = [];
  for (let at = 0; at + 1 < words.length; at += 2) {
    const [found = '', path = ''] = words.slice(at, at + 2);
    if (found === '') {
      throw new DevboxError(
        'failed',
        `There is no ${path.replace(/^(?:\.\/)?/, '/')} in the stage that is copied from.`,
      );
    }
    const name = `${at / 2}/${use === 'bind' ? 'source' : (path.replace(/\/+$/, '').split('/').at(-1) ?? 'source')}`;
    await bring(from, to, {
      kind: found[0] === 'd' ? 'folder' : 'file',
      path: found.slice(1),
      place: `${folder}/${name}`,
    });
    brought.push(name);
  }
  return brought;
}

async function bring(
  from: BuildRoom,
  to: BuildRoom,
  { kind, path, place }: { readonly kind: 'folder' | 'file'; readonly path: string; readonly place: string },
): Promise<void> {
  const pack =
    kind === 'folder'
      ? 'exec tar -C "$1" --numeric-owner --one-file-system -cf - .'
      : 'exec tar -C "$(dirname -- "$1")" --numeric-owner --transform="s,.*,file," --show-transformed-names -cf - -- "$(basename -- "$1")"';
  const unpack =
    kind === 'folder'
      ? 'mkdir -p -- "$1" && exec tar -C "$1" -xpf -'
      : 'mkdir -p -- "$(dirname -- "$1")" && cd -- "$(dirname -- "$1")" && tar -xpf - && mv -T -- file "$(basename -- "$1")"';
  const words = (script: string, argument: string): readonly string[] => [
    '/bin/bash',
    '--norc',
    '-c',
    script,
    'bring',
    argument,
  ];
  const packing = from.run.launch({ argv: words(pack, path), user: root });
  const unpacking = to.run.launch({ argv: words(unpack, to.run.sandbox.prefix + place), user: root, input: 'open' });
  let complaint = '';
  const complain = (chunk: Buffer): void => {
    complaint = (complaint + chunk.toString()).slice(0, 2_000);
  };
  packing.stderr.on('data', complain);
  unpacking.stderr.on('data', complain);
  unpacking.stdout.resume();
  const { stdin } = unpacking;
  if (stdin === undefined) {
    throw new DevboxError('failed', 'What is copied from a stage could not be received.');
  }
  // Who reads may end first; the exit codes tell the rest.
  await pipeline(packing.stdout, stdin).catch((error: unknown) => complain(Buffer.from(String(error))));
  const codes = [(await packing.exited).code, (await unpacking.exited).code];
  if (codes.some((code) => code !== 0)) {
    throw new DevboxError('failed', `${path} could not be copied from the other stage: ${complaint.trim()}`);
  }
}
