import type { CreateDevboxBody } from '../platform/runloopApi';
import { containerName, containerNameKey, type RuntimeConfig } from '../runtimeConfig';
import { entrypoint, sessionKeyFile } from '../startupCommand';

/** Metadata by which a devbox is found whose create answer was lost. */
export const requestKey = 'runloop-devboxes-request';

/**
 * What a create asks for. Nothing of upstream's that Runloop no longer knows (`prebuilt`, `available_ports`, D24, D25);
 * the session key goes in as a file, not as a variable or metadata, which listings show (D12).
 */
export function createBody(config: RuntimeConfig, sessionKey: string, requestId: string): CreateDevboxBody {
  return {
    name: config.sid,
    entrypoint: entrypoint(config),
    blueprint_name: config.blueprintName,
    metadata: { [containerNameKey]: containerName(config.sid), [requestKey]: requestId },
    mounts: [{ type: 'file_mount', target: sessionKeyFile, content: sessionKey }],
    tunnel: { auth_mode: config.tunnelAuthMode, http_keep_alive: config.idle !== undefined },
    launch_parameters: {
      resource_size_request: config.resourceSize,
      // One of the two: the API does not promise what it makes of both.
      ...(config.idle === undefined
        ? { keep_alive_time_seconds: config.keepAliveSeconds }
        : { lifecycle: { after_idle: { idle_time_seconds: config.idle.afterSeconds, on_idle: config.idle.action } } }),
      ...(config.launchCommands.length === 0 ? {} : { launch_commands: config.launchCommands }),
    },
  };
}
