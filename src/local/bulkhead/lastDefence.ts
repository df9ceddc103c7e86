import { messageOf } from '../errors';
import { presentOwner } from './devboxScope';

/** Errors that are told at length in a minute: one that comes back all the time must not fill a disk. */
const mostTold = 100;

/** Everything that nobody caught. */
type Uncaught = (error: unknown) => void;

/**
 * The last line of defence: an error that nobody caught ends the devbox it came from and never the platform, and one that
 * came from no devbox is told. Every such line is a fault of the platform; that devboxes do not die of it, of each other's
 * least of all, is what this is for.
 * @param logLine gets a line, with the error's own stack, for each
 * @returns takes the defence away
 */
export function raiseLastDefence(logLine: (line: string) => void): () => void {
  let minute = 0;
  let told = 0;
  const tell = (line: string): void => {
    const now = Math.floor(Date.now() / 60_000);
    [minute, told] = now === minute ? [minute, told + 1] : [now, 1];
    if (told <= mostTold) {
      logLine(line);
    }
  };
  const take: Uncaught = (error) => {
    // An error thrown in here would end the process after all.
    try {
      const owner = presentOwner();
      const what = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
      tell(
        owner === undefined
          ? `The local platform made a mistake and goes on: ${what}`
          : `The local platform made a mistake over ${owner.id}, which ends, and goes on: ${what}`,
      );
      owner?.fail('health_check_failed', `The local platform made a mistake over this devbox: ${messageOf(error)}`);
    } catch {
      // Nobody is left to tell.
    }
  };
  process.on('uncaughtException', take).on('unhandledRejection', take);
  return () => void process.off('uncaughtException', take).off('unhandledRejection', take);
}
