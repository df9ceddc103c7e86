import { RuntimeError } from '../errors';
import type { DevboxCommands } from './devboxCommands';

/** With these answers Runloop refuses what is asked of a devbox that does not run. */
const refusals = [400, 404, 409];

/**
 * Commands of a devbox that runs: any other is asked for nothing, as that might wake it.
 *
 * @param requireRunning throws unless it runs; doubtful after a refusal, which is then told as what it means
 */
export function runningCommands(
  commands: DevboxCommands,
  requireRunning: (signal: AbortSignal, isDoubtful: boolean) => Promise<void>,
): DevboxCommands {
  return {
    run: async (command, options) => {
      await requireRunning(options.signal, false);
      try {
        return await commands.run(command, options);
      } catch (error) {
        if (RuntimeError.is(error) && refusals.includes(error.status ?? 0)) await requireRunning(options.signal, true);
        throw error;
      }
    },
  };
}
