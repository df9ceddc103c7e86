/* The runtime in a plain Node program: npm run example -- [--sid NAME] [--wait] [--no-vscode] "COMMAND" */
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { observationIs, optionsFromEnvironment, RunloopRuntime, RuntimeError } from '../../src/core/index';
import { type TestPlatform, startPlatform } from '../platform/testPlatform';
import { ensureVscode } from '../vscode/install';
import { InstallError } from '../vscode/npm';
import { listenForStop, Stopped } from '../vscode/stopSignals';

const { values, positionals } = parseArgs({
  options: {
    sid: { type: 'string', default: 'demo' },
    wait: { type: 'boolean', default: false },
    'no-vscode': { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const command = positionals.join(' ') || 'echo hello';
const environment = optionsFromEnvironment(process.env);
const stop = listenForStop();

/** A platform on this computer, whose devboxes have the VS Code of `npm start`: installed on first use. */
async function localPlatform(): Promise<TestPlatform> {
  if (values['no-vscode']) return startPlatform([]);
  return startPlatform([], { vscode: await ensureVscode((line) => console.error(line), stop.signal) });
}

// With RUNLOOP_API_KEY in the environment this is a devbox of Runloop; without, one of the local platform.
let platform: TestPlatform | undefined;
try {
  platform = environment.apiKey === undefined ? await localPlatform() : undefined;
  const account = platform === undefined ? {} : { apiKey: platform.apiKey, baseUrl: platform.baseUrl };
  const runtime = new RunloopRuntime({
    apiKey: '',
    ...environment,
    ...account,
    headlessMode: values['no-vscode'],
    sid: values.sid,
  });
  runtime.onEvent((event) => {
    if (event.type === 'phase') {
      console.log(`… ${event.phase}${event.devbox === undefined ? '' : ` (${event.devbox.status})`}`);
    }
  });
  await runtime.connect({ signal: stop.signal });
  try {
    const observation = await runtime.actions.runAction({ action: 'run', args: { command } }, stop.signal);
    console.log(observation.content);
    if (observationIs(observation, 'run')) {
      console.log(`exit code ${observation.exitCode}, in ${observation.workingDirectory ?? '?'}`);
    }
    const url = await runtime.vscodeUrl(stop.signal);
    // What is printed stays in terminals and logs: where it can be, it is an address that hands the token out just once.
    console.log(`VS Code: ${url === undefined ? 'none in this devbox' : ((await runtime.hiddenUrl(url)) ?? url)}`);
    if (values.wait) {
      console.log('Enter ends the devbox.');
      await once(process.stdin, 'data', { signal: stop.signal });
      process.stdin.unref();
    }
  } finally {
    await runtime.close();
  }
} catch (error) {
  if (RuntimeError.is(error)) console.error(`${error.message}\n${error.nextStep}`);
  else if (error instanceof InstallError) console.error(error.message);
  else if (!stop.signal.aborted) throw error;
  process.exitCode = stop.signal.reason instanceof Stopped ? stop.signal.reason.exitCode : 1;
} finally {
  await platform?.stop();
  stop.dispose();
}
