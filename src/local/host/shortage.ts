import { codeOf } from '../errors';

/** A sentence for the errors of a computer that has run out of something; undefined for all others. */
export function shortageOf(
  error: unknown,
): { readonly kind: 'no_room' | 'exhausted'; readonly sentence: string } | undefined {
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return {
        kind: 'no_room',
        sentence:
          'There is no space left on the disk of the data folder (ENOSPC). What runs goes on; make room on that disk and ask again.',
      };
    case 'EMFILE':
    case 'ENFILE':
      return {
        kind: 'exhausted',
        sentence:
          'The local platform has no file descriptor left (EMFILE). What runs goes on; close connections, or start it with a higher limit (ulimit -n).',
      };
    case 'EAGAIN':
    case 'ENOMEM':
      return {
        kind: 'exhausted',
        sentence:
          'This computer has no process or memory left for another program (EAGAIN). What runs goes on; ask again when something has ended.',
      };
    default:
      return undefined;
  }
}
