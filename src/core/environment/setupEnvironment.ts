import { randomBytes } from 'node:crypto';
import type { ActionExecutionClient } from '../actionExecutionClient';
import { RuntimeError } from '../errors';
import { isRunObservation } from '../observation';
import { oneLine } from '../plainText';
import { redact } from '../redact';
import { zipOf } from '../transfer/zipOf';
import { nameFault } from './variables';

export interface EnvironmentSetup {
  /** Names and values; names are used in upper case. Secret. */
  readonly variables: Readonly<Record<string, string>>;
  /** Identity for `git config --global`; empty values leave git alone. */
  readonly git?: { readonly name: string; readonly email: string } | undefined;
  /** Set the variables in the Jupyter kernel as well. */
  readonly jupyter: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * One file per variable, holding the bare bytes of its value: nothing is quoted, so nothing can be interpreted (D9).
 * Every shell reads them at its start by one line in `.bashrc`, and a changed variable replaces its file (D10).
 */
const folder = '"$HOME"/.openhands-runtime';
const load = `for __file in ${folder}/environment/*; do if [ -f "$__file" ]; then IFS= read -r -d "" "\${__file##*/}" < "$__file"; export "\${__file##*/}"; fi; done; unset __file`;

/** Makes the folder that only the shell's user can enter, and tells where it is. */
const prepare = `(umask 077; mkdir -p ${folder}/environment ${folder}/incoming && chmod 700 ${folder} && cd ${folder}/incoming && pwd -P)`;

/**
 * The command that takes over what was uploaded. It is the same for all values: nothing secret is in it (D11). The
 * files are copied because those of an upload belong to the server's user, and are readable by everybody.
 */
function takeOver(batch: string): string {
  const incoming = `${folder}/incoming/`;
  return [
    `(umask 077; for f in ${incoming}${batch}-*; do n="\${f##*/${batch}-}"; case "$n" in git.*) ;; *) cat "$f" > ${folder}/environment/"$n" || exit 1; rm -f "$f";; esac; done;`,
    `printf '%s\\n' ${shellWord(load)} > ${folder}/load.sh;`,
    `if ! grep -qsF .openhands-runtime/load.sh ~/.bashrc; then printf '\\n. "$HOME"/.openhands-runtime/load.sh\\n' >> ~/.bashrc; fi)`,
    `&& . ${folder}/load.sh &&`,
    `(r=0; for k in name email; do f=${incoming}${batch}-git.$k; if [ -f "$f" ]; then v=; IFS= read -r -d "" v < "$f"; git config --global user.$k "$v" || r=1; rm -f "$f"; fi; done;`,
    `[ "$r" = 0 ] || echo "git identity not set")`,
  ].join(' ');
}

function shellWord(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** The same for a Jupyter kernel: a fixed cell that reads the files. */
const jupyterCell = `import os as _os
_folder = _os.path.expanduser('~/.openhands-runtime/environment')
for _name in _os.listdir(_folder):
    with open(_os.path.join(_folder, _name), 'rb') as _file:
        _os.environb[_name.encode()] = _file.read()
del _folder`;

/**
 * Sets variables in the shell, in every later shell and in Jupyter, and git's identity, byte for byte.
 *
 * Git's identity is no reason to fail, as with upstream: the returned note says what did not work.
 *
 * @throws RuntimeError `invalid_option` for a name or value that no environment can hold, `environment` if the devbox
 *   does not take the rest
 */
export async function setupEnvironment(client: ActionExecutionClient, setup: EnvironmentSetup): Promise<string | undefined> {
  const entries = Object.entries(setup.variables).map(([name, value]) => {
    const fault = nameFault(name, value);
    if (fault !== undefined) throw fault;
    return { name: name.toUpperCase(), content: value };
  });
  for (const [key, content] of Object.entries(setup.git ?? {})) {
    if (content !== '') entries.push({ name: `git.${key}`, content });
  }
  if (entries.length === 0) return undefined;
  // A batch of its own: two windows may set variables at the same time.
  const batch = randomBytes(8).toString('hex');
  const incoming = await runFixed(client, prepare, setup);
  if (!incoming.startsWith('/')) throw failed(client, 'its shell did not tell where its home is');
  const archive = await zipOf(entries.map(({ name, content }) => ({ name: `${batch}-${name}`, content: Buffer.from(content, 'utf8') })));
  await client.uploadBytes({ name: `${batch}.zip`, bytes: archive, destination: incoming, unpack: true, signal: setup.signal });
  const said = await runFixed(client, takeOver(batch), setup);
  if (setup.jupyter && entries.some(({ name }) => !name.startsWith('git.'))) await setInJupyter(client, setup);
  return said === '' ? undefined : said;
}

async function runFixed(client: ActionExecutionClient, command: string, setup: EnvironmentSetup): Promise<string> {
  const observation = await client.runAction({ action: 'run', args: { command, hidden: true, blocking: true }, timeout: 60 }, setup.signal);
  if (!isRunObservation(observation) || observation.exitCode !== 0) {
    throw failed(client, oneLine(redact(observation.content, Object.values(setup.variables)), 200));
  }
  return observation.content.trim();
}

async function setInJupyter(client: ActionExecutionClient, setup: EnvironmentSetup): Promise<void> {
  try {
    await client.runAction({ action: 'run_ipython', args: { code: jupyterCell, include_extra: false }, timeout: 60 }, setup.signal);
  } catch (error) {
    // A server without the plugin refuses cells; there is no kernel then that could miss a variable.
    if (!RuntimeError.is(error, 'action_server')) throw error;
  }
}

function failed(client: ActionExecutionClient, why: string): RuntimeError {
  return new RuntimeError({
    code: 'environment',
    message: `The environment of the devbox could not be set: ${why}`,
    nextStep: 'Show the output of the devbox, then try again.',
    devboxId: client.devboxId,
  });
}
