import { randomBytes } from 'node:crypto';
import { quote } from '../../../ground/shellWords';
import type { ActionExecutionClient } from '../actionExecutionClient';
import { RuntimeError } from '../../errors';
import { isRunObservation } from '../observation';
import { oneLine } from '../../safeText';
import { redact } from '../../redact';
import { incomingFolder, runtimeFolder as folder } from '../transfer/incoming';
import { zipOf } from '../transfer/zipOf';
import { nameFault } from '../../variables';
import { devboxProblem } from '../../problems/devbox';
import { phrase } from '../../problems/phrases';
import type { Param } from '../../problems/problem';

export interface EnvironmentSetup {
  /** Names and values; names are used in upper case. Secret. */
  readonly variables: Readonly<Record<string, string>>;
  /** Set the variables in the Jupyter kernel as well. */
  readonly jupyter: boolean;
  readonly signal?: AbortSignal | undefined;
}

/*
 * One file per variable, holding the bare bytes of its value: nothing is quoted, so nothing can be interpreted (D9).
 * Every shell reads them at its start by one line in `.bashrc`, and a changed variable replaces its file (D10).
 *
 * The commands are the same for all values, so nothing secret is in them (D11). They use what bash has built in, as
 * a person waits for them.
 */
const load = `for __file in ${folder}/environment/*; do if [ -f "$__file" ]; then IFS= read -r -d "" "\${__file##*/}" < "$__file"; export "\${__file##*/}"; fi; done; unset __file`;

/** Takes over what was uploaded, by copying it: the uploaded files belong to another user. */
function takeOver(batch: string): string {
  const incoming = `${folder}/incoming/${batch}-`;
  return [
    `(umask 077; for f in ${incoming}*; do v=; IFS= read -r -d "" v < "$f"; printf %s "$v" > ${folder}/environment/"\${f##*/${batch}-}" || exit 1; done;`,
    `rm -f ${incoming}*;`,
    `printf '%s\\n' ${quote(load)} > ${folder}/load.sh;`,
    `b=; [ ! -f ~/.bashrc ] || IFS= read -r -d "" b < ~/.bashrc;`,
    `case "$b" in *.openhands-runtime/load.sh*) ;; *) printf '\\n. "$HOME"/.openhands-runtime/load.sh\\n' >> ~/.bashrc;; esac)`,
    `&& . ${folder}/load.sh`,
  ].join(' ');
}

/** The same for a Jupyter kernel: a fixed cell that reads the files. */
const jupyterCell = `import os as _os
_folder = _os.path.expanduser('~/.openhands-runtime/environment')
for _name in _os.listdir(_folder):
    with open(_os.path.join(_folder, _name), 'rb') as _file:
        _os.environb[_name.encode()] = _file.read()
del _folder`;

/**
 * Sets variables in the shell, in every later shell and in Jupyter, byte for byte.
 *
 * @throws RuntimeError `invalid_option` for a name or value that no environment can hold, `environment` if the devbox
 *   does not take the rest
 */
export async function setupEnvironment(client: ActionExecutionClient, setup: EnvironmentSetup): Promise<void> {
  const entries = Object.entries(setup.variables).map(([name, value]) => {
    const fault = nameFault(name, value);
    if (fault !== undefined) throw fault;
    return { name: name.toUpperCase(), content: Buffer.from(value, 'utf8') };
  });
  if (entries.length === 0) return;
  // A batch of its own: two windows may set variables at the same time.
  const batch = randomBytes(8).toString('hex');
  const [incoming, bytes] = await Promise.all([
    incomingFolder((command) => runFixed(client, command, setup)),
    zipOf(entries.map(({ name, content }) => ({ name: `${batch}-${name}`, content }))),
  ]);
  if (incoming === undefined) throw failed(client, phrase('its shell did not report a home folder'));
  await client.uploadBytes({ name: `${batch}.zip`, bytes, destination: incoming, unpack: true, signal: setup.signal });
  await runFixed(client, takeOver(batch), setup);
  if (setup.jupyter) await setInJupyter(client, setup);
}

async function runFixed(client: ActionExecutionClient, command: string, setup: EnvironmentSetup): Promise<string> {
  const observation = await client.runAction(
    { action: 'run', args: { command, hidden: true, blocking: true }, timeout: 60 },
    setup.signal,
  );
  if (!isRunObservation(observation) || observation.exitCode !== 0) {
    throw failed(client, oneLine(redact(observation.content, Object.values(setup.variables)), 200));
  }
  return observation.content.trim();
}

async function setInJupyter(client: ActionExecutionClient, setup: EnvironmentSetup): Promise<void> {
  try {
    await client.runAction(
      { action: 'run_ipython', args: { code: jupyterCell, include_extra: false }, timeout: 60 },
      setup.signal,
    );
  } catch (error) {
    // A server without the plugin refuses cells; there is no kernel then that could miss a variable.
    if (!RuntimeError.is(error, 'action_server')) throw error;
  }
}

function failed(client: ActionExecutionClient, why: Param): RuntimeError {
  return new RuntimeError({ problem: devboxProblem('environment_not_set', { why }), devboxId: client.devboxId });
}
