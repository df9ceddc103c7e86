import { basename, dirname } from 'node:path';
import { proxyVariables } from '../../network/proxyPort';
import { systemPath } from '../../host/hostPrograms';
import type { DevboxTools } from '../../sandbox/devboxTools';
import { npmSettings } from '../../sandbox/rootfs/languageShims';
import type { Sandbox } from '../../sandbox/sandbox';
import { root } from '../../sandbox/users';
import type { DevboxSpec } from '../spec';
import { basePath, searchPath } from './searchPath';

/** What a devbox's environment is made of. */
export interface EnvironmentParts {
  readonly spec: DevboxSpec;
  /** Values of account secrets, by variable. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly sandbox: Pick<Sandbox, 'prefix' | 'hasUsers'>;
  readonly tools: DevboxTools;
  /** The devbox's own loopback address. */
  readonly address: string;
}

/**
 * The whole environment of a devbox's commands: a clean base, the caller's variables, and what the local platform
 * announces under `RUNLOOP_LOCAL_`. Nothing of the host's environment is in it.
 */
export function devboxEnvironment({
  spec,
  secrets,
  sandbox: { prefix, hasUsers },
  tools,
  address,
}: EnvironmentParts): Record<string, string> {
  // A Node from outside the system folders comes last, so that it replaces none.
  const nodeFolder = dirname(tools.node);
  const needsNode = basename(tools.node) === 'node' && !systemPath.split(':').includes(nodeFolder);
  const given = { ...spec.environment, ...secrets };
  return {
    HOME: `${prefix}${spec.home}`,
    USER: spec.username,
    LOGNAME: spec.username,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    ...(prefix === '' ? {} : { TMPDIR: `${prefix}/tmp` }),
    ...(spec.network?.isolatedNetwork === true ? proxyVariables : {}),
    ...packageVariables(`${prefix}${spec.home}`, spec.username === root.name),
    ...given,
    PATH: searchPath(given['PATH'] ?? basePath, {
      prefix,
      home: spec.home,
      nodeFolder: needsNode ? nodeFolder : undefined,
    }),
    RUNLOOP_LOCAL_BIND: address,
    // Says to what serves others that it can be several users here.
    ...(hasUsers ? { RUNLOOP_LOCAL_USERS: '1' } : {}),
    ...(tools.vscodeServer === undefined ? {} : { RUNLOOP_LOCAL_VSCODE_SERVER: tools.vscodeServer }),
    ...(tools.vscodeNode === undefined ? {} : { RUNLOOP_LOCAL_VSCODE_NODE: tools.vscodeNode }),
  };
}

/**
 * What lets a user install packages for itself: npm into its home, and pip and uv into what Debian calls managed by apt
 * only, which is the devbox's own.
 */
export function packageVariables(home: string, isRoot: boolean): Readonly<Record<string, string>> {
  const settings = npmSettings();
  return {
    PIP_BREAK_SYSTEM_PACKAGES: '1',
    UV_BREAK_SYSTEM_PACKAGES: '1',
    ...(isRoot ? {} : { NPM_CONFIG_PREFIX: `${home}/.local` }),
    ...(isRoot || settings === undefined ? {} : { NPM_CONFIG_GLOBALCONFIG: settings }),
  };
}
