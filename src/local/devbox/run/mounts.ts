import { createReadStream } from 'node:fs';
import type { DevboxLog } from '../devboxLog';
import type { DevboxRun } from './devboxRun';
import { DevboxError } from '../../errors';
import type { DevboxFiles } from './devboxFiles';
import type { AccountResources } from '../accountResources';
import { quote } from '../../../ground/shellWords';
import type { CodeMount, DevboxSpec, FileMount, ObjectMount } from '../spec';
import { root } from '../../sandbox/users';

/** Where repositories are cloned from, unless the platform was started with another address. */
const usualGitServer = 'https://github.com';

/** Exit code of a command that would need to be root's. */
const notAllowed = 77;

/** What mounting needs. */
export interface MountContext {
  readonly run: DevboxRun;
  readonly files: DevboxFiles;
  readonly log: DevboxLog;
  readonly spec: Pick<DevboxSpec, 'fileMounts' | 'objectMounts' | 'codeMounts' | 'home'>;
  readonly resources: AccountResources;
}

/**
 * Puts files, objects and repositories onto a new devbox's disk, in this order.
 * @throws DevboxError `failed` that says which one could not be mounted
 */
export async function mountAll(context: MountContext): Promise<void> {
  const { run, spec } = context;
  for (const mount of spec.fileMounts) {
    run.signal.throwIfAborted();
    await mountFile(mount, context);
  }
  for (const mount of spec.objectMounts) {
    run.signal.throwIfAborted();
    await mountObject(mount, context);
  }
  for (const mount of spec.codeMounts) {
    run.signal.throwIfAborted();
    await mountCode(mount, context);
  }
}

/** Writes a file as the devbox's user, or, where only root may write, as root for the user. */
async function mountFile({ target, content }: FileMount, { files, run }: MountContext): Promise<void> {
  const bytes = Buffer.from(content);
  let outcome = await files.write(target, bytes, { mode: '600' });
  if (outcome.code !== 0 && run.user.uid !== 0) {
    outcome = await files.write(target, bytes, { mode: '600', user: root, owner: run.user });
  }
  if (outcome.code !== 0) {
    throw new DevboxError('failed', `The file mount ${target} could not be written: ${outcome.stderr.trim()}`);
  }
}

/**
 * Puts an object onto the disk: archives become folders, for all else the path names the file.
 * @throws DevboxError `not_found`, `failed`
 */
export async function mountObject(
  mount: ObjectMount,
  { run, files, resources, spec }: Omit<MountContext, 'log'>,
): Promise<void> {
  const { file, contentType } = resources.object(mount.objectId);
  // Through the devbox: from outside, a path on its disk can lead anywhere while its programs run, as they do in builds.
  const received = await files.receive(createReadStream(file));
  const source = quote(run.sandbox.prefix + received);
  const path = /^(?:\/|~)/.test(mount.path) ? mount.path.replace(/^~/, spec.home) : `${spec.home}/${mount.path}`;
  const target = quote(run.sandbox.prefix + path);
  const folder = `mkdir -p -- "$(dirname -- ${target})"`;
  // Whoever packed an archive is nobody in the devbox.
  const tar = `mkdir -p -- ${target} && tar --no-same-owner`;
  const unpack: Readonly<Record<string, string>> = {
    tar: `${tar} -xf ${source} -C ${target}`,
    tgz: `${tar} -xzf ${source} -C ${target}`,
    gzip: `${folder} && gzip -dc < ${source} > ${target}`,
  };
  const place = unpack[contentType] ?? `${folder} && cp -- ${source} ${target} && chmod 644 -- ${target}`;
  // As the devbox's user; where only root may write, as root, and what is new there is the user's.
  const mayWrite = `if [ -e ${target} ]; then [ -w ${target} ]; else { ${folder} && [ -w "$(dirname -- ${target})" ]; } 2> /dev/null; fi`;
  const chown = `[ -n "$there" ] || chown -R ${run.user.name}: -- ${target}`;
  let { code } = await run.shell('setup_commands', `${mayWrite} || exit ${notAllowed}; ${place}`);
  if (code === notAllowed && run.user.uid !== 0) {
    ({ code } = await run.shell(
      'setup_commands',
      `if [ -e ${target} ]; then there=yes; fi; ${place} && { ${chown}; }`,
      {},
      undefined,
      root,
    ));
  }
  await files.discard(received);
  if (code !== 0) {
    throw new DevboxError(
      'failed',
      `The object ${mount.objectId} could not be mounted at ${mount.path}: see the lines above.`,
    );
  }
}

async function mountCode(mount: CodeMount, { run, log, spec }: MountContext): Promise<void> {
  const server = (process.env['RUNLOOP_LOCAL_GIT_BASE'] ?? usualGitServer).replace(/\/$/, '');
  const address = `${server}/${mount.owner}/${mount.name}.git`;
  const target = `${run.sandbox.prefix}${spec.home}/${mount.name}`;
  const checkout = mount.ref === undefined ? '' : ` && git -C ${quote(target)} checkout --quiet ${quote(mount.ref)}`;
  log.append({ source: 'setup_commands', level: 'info', cmd: `git clone ${address}` });
  // The token goes through the environment: an argument could be seen by every process, and the clone would keep it.
  const token = mount.token === undefined ? {} : gitToken(server, mount.token);
  const { code } = await run.shell(
    'setup_commands',
    `git clone --quiet -- ${quote(address)} ${quote(target)}${checkout}`,
    { ...token, GIT_TERMINAL_PROMPT: '0' },
  );
  if (code !== 0) {
    throw new DevboxError(
      'failed',
      `The repository ${address} could not be cloned (git ended with ${code}). It must be reachable from this computer, and git installed.`,
    );
  }
  if (mount.installCommand !== undefined) {
    log.append({ source: 'setup_commands', level: 'info', cmd: mount.installCommand });
    const installed = await run.shell(
      'setup_commands',
      `cd ${quote(target)} && ${run.sandbox.translate(mount.installCommand)}`,
    );
    if (installed.code !== 0) {
      throw new DevboxError(
        'failed',
        `The install command of ${mount.name} ended with exit code ${installed.code}, so the devbox cannot start.`,
      );
    }
  }
}

function gitToken(server: string, token: string): Record<string, string> {
  const credentials = Buffer.from(`x-access-token:${token}`).toString('base64');
  return {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${server}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Basic ${credentials}`,
  };
}
