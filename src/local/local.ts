import { once } from 'node:events';
import { messageOf, DevboxError } from './errors';
import { parseOptions, usage, UsageError } from './options';
import { type Platform, startPlatform } from './platform';

const logLine = (line: string): void => void process.stderr.write(`${line}\n`);

/** Runs the platform as the command line says until somebody wants it to end. */
async function main(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(`${usage}\n`);
    return;
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stopping.signal.aborted && signal === 'SIGINT') {
        // Ctrl-C again: do not wait any longer. The devboxes' processes end with the platform anyway.
        process.exit(1);
      }
      stopping.abort();
    });
  }
  if (options.exitWithParent) {
    const parentGone = (): void => stopping.abort();
    process.stdin.once('close', parentGone).once('error', parentGone).resume();
  }
  // Nobody reads any more: whoever started the platform is gone.
  process.stdout.on('error', () => stopping.abort());
  process.stderr.on('error', () => undefined);

  const platform = await startPlatform(options, logLine);
  if (!stopping.signal.aborted) {
    process.stdout.write(`${JSON.stringify({ baseURL: platform.baseURL, apiKey: platform.apiKey })}\n`);
    await once(stopping.signal, 'abort');
  }
  await shutDown(platform);
}

async function shutDown(platform: Platform): Promise<void> {
  try {
    await platform.close();
    process.exit(0);
  } catch (error) {
    logLine(`The local platform could not shut down cleanly: ${messageOf(error)}`);
    process.exit(1);
  }
}

try {
  await main();
} catch (error) {
  if (error instanceof UsageError) {
    logLine(`${error.message}\n${usage}`);
    process.exit(2);
  }
  logLine(error instanceof DevboxError ? error.message : `The local platform could not start: ${messageOf(error)}`);
  process.exit(1);
}
