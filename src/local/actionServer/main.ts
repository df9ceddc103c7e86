import { ActionServer } from './actionServer';
import { parseArguments } from './arguments';
import { createLogger } from './logging';
import { parseLogSettings, parseSettings } from './settings';
import { StartupError } from './startupError';

const log = createLogger(parseLogSettings(process.env));

try {
  const server = new ActionServer(parseArguments(process.argv.slice(2)), parseSettings(process.env), process.env, log);
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.once(signal, () => {
      server
        .close()
        .catch((error: unknown) => log.error('The shutdown was not clean', error))
        // The handler is gone by now, so this ends the process the way whoever sent the signal expects.
        .finally(() => process.kill(process.pid, signal));
    });
  }
  await server.start();
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  log.error(error.message);
  process.exitCode = error.exitCode;
}
