import type { CreateDevboxBody } from '../../platform/createDevboxBody';
import { containerName, type RuntimeConfig } from '../../options/runtimeConfig';
import { containerNameKey, workspacePathKey } from '../../platform/devbox';
import { choicesBody, type StartChoices } from '../../start/startChoices';
import { entrypoint, sessionKeyFile, startFile } from '../../actionServer/startupCommand';

/**
 * What a create asks for. Nothing of upstream's that Runloop no longer knows (`prebuilt`, `available_ports`, D24, D25);
 * the session key goes in as a file, not as a variable or metadata, which listings show (D12).
 */
export function createBody(config: RuntimeConfig, sessionKey: string): CreateDevboxBody {
  const chosen = choicesBody(config.choices ?? usualChoices(config));
  const variableNames = Object.keys({ ...chosen.environment_variables, ...chosen.secrets });
  const command = entrypoint({ ...config, variableNames });
  return {
    ...chosen,
    name: config.sid,
    entrypoint: command,
    metadata: { [containerNameKey]: containerName(config.sid), [workspacePathKey]: config.workspacePath },
    mounts: [
      ...(chosen.mounts ?? []),
      { type: 'file_mount', target: sessionKeyFile, content: sessionKey },
      { type: 'file_mount', target: startFile, content: `${command}\n` },
    ],
    // Requests that nobody made are no use of the devbox; what a person does is told by itself (core/activity).
    tunnel: { auth_mode: config.tunnelAuthMode, http_keep_alive: false },
    launch_parameters: {
      ...chosen.launch_parameters,
      ...(config.launchCommands.length === 0 ? {} : { launch_commands: config.launchCommands }),
    },
  };
}

function usualChoices(config: RuntimeConfig): StartChoices {
  return {
    source: { kind: 'blueprint', name: config.blueprintName },
    size: config.resourceSize,
    endRule:
      config.idle === undefined
        ? { kind: 'lifetime', seconds: config.keepAliveSeconds }
        : { kind: 'idle', seconds: config.idle.afterSeconds, action: config.idle.action },
  };
}
