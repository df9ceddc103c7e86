import { setTimeout as sleep } from 'node:timers/promises';
import { inWindowTurn } from './windowTurn';

/** Milliseconds until other windows see what one has stored: an editor tells them after a tenth of a second. */
const seenMs = 300;

/**
 * A secret that all windows of an editor have in common, made by whoever needs it first.
 *
 * @param made what it is if there is none yet
 * @param form what one looks like; what has another form is replaced
 * @param file that stands for the turn in which it is made; none else uses it
 */
export async function sharedSecret(
  secrets: {
    readonly get: (name: string) => Promise<string | undefined>;
    readonly store: (name: string, value: string) => Promise<void>;
  },
  {
    name,
    made,
    form,
    file,
  }: { readonly name: string; readonly made: string; readonly form: RegExp; readonly file: string },
): Promise<string> {
  const known = async (): Promise<string | undefined> => {
    const secret = await secrets.get(name);
    return secret !== undefined && form.test(secret) ? secret : undefined;
  };
  return (
    (await known()) ??
    // Another window may make one at the same time.
    (await inWindowTurn(file, async () => {
      const secret = await known();
      if (secret !== undefined) return secret;
      await secrets.store(name, made);
      await sleep(seenMs);
      // Where there are no turns, the last one counts.
      return (await known()) ?? made;
    }))
  );
}
