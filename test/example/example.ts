/* The runtime in a plain Node program: npm run example -- [--sid NAME] "COMMAND" */
import { parseArgs } from 'node:util';
import { observationIs, optionsFromEnvironment, RunloopRuntime, RuntimeError } from '../../src/core/index';
import { startPlatform } from '../testPlatform';

const { values, positionals } = parseArgs({ options: { sid: { type: 'string', default: 'demo' } }, allowPositionals: true });
const command = positionals.join(' ') || 'echo hello';

// With RUNLOOP_API_KEY in the environment this is a devbox of Runloop; without, one of the local platform.
const environment = optionsFromEnvironment(process.env);
const platform = environment.apiKey === undefined ? await startPlatform([]) : undefined;
const account = platform === undefined ? {} : { apiKey: platform.apiKey, baseUrl: platform.baseUrl };
try {
  const runtime = new RunloopRuntime({ apiKey: '', ...environment, ...account, sid: values.sid });
  runtime.onEvent((event) => {
    if (event.type === 'phase') console.log(`… ${event.phase}${event.devbox === undefined ? '' : ` (${event.devbox.status})`}`);
  });
  await runtime.connect();
  try {
    const observation = await runtime.actions.runAction({ action: 'run', args: { command } });
    console.log(observation.content);
    if (observationIs(observation, 'run')) console.log(`exit code ${observation.exitCode}, in ${observation.workingDirectory ?? '?'}`);
    console.log(`VS Code: ${(await runtime.vscodeUrl()) ?? 'none in this devbox'}`);
  } finally {
    await runtime.close();
  }
} catch (error) {
  if (!RuntimeError.is(error)) throw error;
  console.error(`${error.message}\n${error.nextStep}`);
  process.exitCode = 1;
} finally {
  await platform?.stop();
}
