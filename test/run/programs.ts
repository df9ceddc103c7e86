import { execFile } from 'node:child_process';
import { chmod, cp, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { knownAgents, type AgentRecipe } from '../../src/core/agents/agentTable';
import { ensureInstalled, type Installable } from '../vscode/versionedInstall';

const run = promisify(execFile);

/** The environment variables that tell tests what was found, or why not. They reach every process of the run. */
export const rsyncFolderVariable = 'RUNLOOP_TEST_RSYNC';
export const pythonFolderVariable = 'RUNLOOP_TEST_PYTHON';
export const agentFolderVariable = (id: string): string => `RUNLOOP_TEST_AGENT_${id.toUpperCase()}`;
/** The variable with the agents that are tested as they are, by their ids; where it is not set, the smaller ones are. */
export const agentsVariable = 'RUNLOOP_TEST_AGENTS';

/** Those agents of the product's table that this run tests as they are. */
export function testedAgents(): readonly AgentRecipe[] {
  const ids = process.env[agentsVariable]?.split(',') ?? ['gemini', 'codex'];
  return knownAgents.filter(({ id }) => ids.includes(id));
}

/**
 * Debian's rsync with the libraries that a small Debian lacks. It is put where this project keeps VS Code, not on the
 * computer; the package lists as well.
 */
const rsync: Installable = {
  title: 'rsync',
  size: 'about 2 MB',
  family: 'rsync',
  version: 'r1',
  async build(staging, report, signal) {
    report('from the distribution’s packages');
    const work = join(staging, 'work');
    for (const folder of ['lists/partial', 'cache/archives/partial', 'unpacked']) {
      await mkdir(join(work, folder), { recursive: true });
    }
    const options = ['-o', `Dir::State::lists=${join(work, 'lists')}`, '-o', `Dir::Cache=${join(work, 'cache')}`];
    await run('apt-get', [...options, '-q', 'update'], { cwd: work, signal });
    await run('apt-get', [...options, '-q', 'download', 'rsync', 'libpopt0', 'libxxhash0'], { cwd: work, signal });
    const packages = (await readdir(work)).filter((name) => name.endsWith('.deb'));
    for (const name of packages) await run('dpkg', ['-x', name, 'unpacked'], { cwd: work, signal });
    await mkdir(join(staging, 'bin'));
    await mkdir(join(staging, 'lib'));
    const libraries = join(work, 'unpacked', 'usr', 'lib');
    for (const name of await readdir(libraries, { recursive: true })) {
      const file = name.split('/').at(-1) ?? name;
      if (/\.so\.\d+$/.test(file)) await cp(join(libraries, name), join(staging, 'lib', file), { dereference: true });
    }
    await rename(join(work, 'unpacked', 'usr', 'bin', 'rsync'), join(staging, 'lib', 'rsync'));
    const here = 'here=$(dirname "$(readlink -f "$0")")/..';
    const program = join(staging, 'bin', 'rsync');
    await writeFile(program, `#!/bin/sh\n${here}\nLD_LIBRARY_PATH=$here/lib exec "$here/lib/rsync" "$@"\n`);
    await chmod(program, 0o755);
    await rm(work, { recursive: true });
  },
};

/** A Python with a Jupyter kernel, for `run_ipython`. */
const python: Installable = {
  title: 'a Python with ipykernel',
  size: 'about 90 MB',
  family: 'python',
  version: 'r1',
  async build(staging, report, signal) {
    report('as a virtual environment');
    await run('python3', ['-m', 'venv', staging], { signal });
    // By module: the programs in bin/ name the folder in which they were made.
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', 'ipykernel', 'jupyter_client'];
    await run(join(staging, 'bin', 'python3'), pip, { signal });
  },
};

/** An agent of the product's table, as an archive that tests unpack in a devbox where the product would install it. */
function agentArchive({ id, name, version, install, megabytes }: AgentRecipe): Installable {
  return {
    title: name,
    size: `about ${Math.ceil(megabytes / 3)} MB`,
    family: `agent-${id}`,
    version,
    async build(staging, report, signal) {
      report('from the package registry');
      if (install === undefined || !('packages' in install)) throw new Error(`${name} is no package.`);
      const work = join(staging, 'work');
      await mkdir(join(staging, 'bin'));
      await mkdir(work);
      const words = ['install', '--prefix', '.', '--no-audit', '--no-fund', ...install.packages];
      await run('npm', words, { cwd: work, signal });
      await run('tar', ['-C', work, '-czf', join(staging, 'bin', `${id}.tgz`), '.'], { signal });
      await rm(work, { recursive: true });
    },
  };
}

async function works(command: string, words: readonly string[]): Promise<boolean> {
  return run(command, words).then(
    () => true,
    () => false,
  );
}

/**
 * Brings one program into `.vscode-test/`, and puts its folder into the environment variable, or why it cannot be had into
 * the variable of that name with `_MISSING`.
 */
export async function bring(
  installable: Installable,
  variable: string,
  report: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  try {
    process.env[variable] = join(await ensureInstalled(installable, report, signal), 'bin');
  } catch (error) {
    signal.throwIfAborted();
    process.env[`${variable}_MISSING`] = error instanceof Error ? error.message : String(error);
  }
}

/**
 * Brings what some tests need and not every computer has. What cannot be had is told by those tests: they are skipped with
 * the reason.
 */
export async function ensurePrograms(report: (line: string) => void, signal: AbortSignal): Promise<void> {
  for (const agent of testedAgents()) await bring(agentArchive(agent), agentFolderVariable(agent.id), report, signal);
  if (!(await works('rsync', ['--version']))) await bring(rsync, rsyncFolderVariable, report, signal);
  if (!(await works('python3', ['-c', 'import ipykernel, jupyter_client']))) {
    await bring(python, pythonFolderVariable, report, signal);
  }
}

/** The PATH on which the programs of {@link ensurePrograms} are found first. */
export function pathWith(variable: string): string {
  return [process.env[variable], process.env['PATH']].filter((part) => part !== undefined).join(delimiter);
}

/** Why a program could not be had, or undefined if it is there. */
export function whyMissing(variable: string): string | undefined {
  return process.env[`${variable}_MISSING`];
}
