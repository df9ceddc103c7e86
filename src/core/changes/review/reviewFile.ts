import { fieldsOf } from '../../files/fileFacts';
import { textOfPath } from '../../files/pathText';
import { unexpected } from '../../platform/answers';
import type { DevboxChanges } from '../devboxChanges';
import { changesPrelude } from '../scripts';

/** Bytes of a message that go with one execution. */
const pieceBytes = 40_000;
/** Milliseconds for which one may take. */
const pieceMs = 30_000;

/**
 * name, bytes that are there already, further ones, `last` or nothing → the path. Nothing that is there is overwritten, and it has its
 * name once it is whole: an agent reads no half of it.
 */
const appendScript = `${changesPrelude}arg name; arg at; arg text; arg last; exec </dev/null
[ -n "$HOME" ] && cd -- "$HOME" 2>/dev/null || die not_written
mkdir -p .runloop/reviews 2>/dev/null && cd -P .runloop/reviews 2>/dev/null || die not_written
part=.$name.part
if [ "$at" = 0 ]; then
  # Of those that were broken off.
  find . -maxdepth 1 -name '.*.part' -mmin +60 -exec rm -f -- {} + 2>/dev/null
  { set -C; : > "$part"; } 2>/dev/null || die not_written
fi
[ ! -L "$part" ] && [ "$(stat -c %s -- "$part" 2>/dev/null)" = "$at" ] || die not_written
{ printf '%s' "$text" >> "$part"; } 2>/dev/null || { rm -f -- "$part"; die not_written; }
if [ -n "$last" ]; then
  [ ! -e "$name" ] && [ ! -L "$name" ] && mv -nT -- "$part" "$name" 2>/dev/null && [ ! -e "$part" ] || { rm -f -- "$part"; die not_written; }
fi
printf '%s\\0' "$PWD/$name"
exit 0`;

/**
 * Puts a message into a new file of the devbox, in the home of its user, where no repository shows it.
 *
 * @returns its path, as `pathText` writes it
 */
export async function writeReview(
  changes: DevboxChanges,
  {
    name,
    message,
    top,
    signal,
  }: { readonly name: string; readonly message: string; readonly top: string } & {
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const bytes = Buffer.from(message.replaceAll('\0', ''));
  let path = '';
  for (let at = 0; at < bytes.length || at === 0;) {
    const piece = bytes.subarray(at, at + pieceBytes);
    const isLast = at + piece.length === bytes.length;
    const inputs = [name, String(at), piece, isLast ? 'last' : ''].map((one) => Buffer.from(one));
    const fields = fieldsOf(await changes.run(appendScript, top, inputs, { signal, deadlineMs: pieceMs }));
    path = textOfPath(fields.at(-1) ?? Buffer.alloc(0));
    if (!path.endsWith(`/${name}`)) throw unexpected('an execution');
    at += Math.max(1, piece.length);
  }
  return path;
}
