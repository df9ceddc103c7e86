import { basename, dirname } from 'node:path';
import { proxyVariables } from '../../network/proxyPort';
import { systemPath } from '../../host/hostPrograms';
import { type DevboxTools, platformFolder } from '../../sandbox/devboxTools';
import type { Sandbox } from '../../sandbox/sandbox';
import type { DevboxSpec } from '../spec';

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
  const node = basename(tools.node) === 'node' && !systemPath.split(':').includes(nodeFolder) ? `:${nodeFolder}` : '';
  return {
    PATH: `${prefix}${platformFolder}/bin:${systemPath}${node}`,
    HOME: `${prefix}${spec.home}`,
    USER: spec.username,
    LOGNAME: spec.username,
    SHELL: '/bin/bash',
    LANG: 'C.UTF-8',
    TERM: 'xterm-256color',
    ...(prefix === '' ? {} : { TMPDIR: `${prefix}/tmp` }),
    ...(spec.network?.fenced === true ? proxyVariables : {}),
    ...spec.environment,
    ...secrets,
    RUNLOOP_LOCAL_BIND: address,
    // Says to what serves others that it can be several users here.
    ...(hasUsers ? { RUNLOOP_LOCAL_USERS: '1' } : {}),
    ...(tools.vscodeServer === undefined ? {} : { RUNLOOP_LOCAL_VSCODE_SERVER: tools.vscodeServer }),
    ...(tools.vscodeNode === undefined ? {} : { RUNLOOP_LOCAL_VSCODE_NODE: tools.vscodeNode }),
  };
}
