import type { RuntimeConfig } from '../../options/runtimeConfig';
import { workspacePathKey, type Devbox } from '../../platform/devbox';

/**
 * The options as a devbox that is there already wants them: its server and its VS Code work in the folder that it was
 * started with, whatever this window's setting says by now. Without a word about it, as for devboxes of others, the option counts.
 */
export function asStarted(config: RuntimeConfig, { metadata }: Devbox): RuntimeConfig {
  const path = metadata[workspacePathKey];
  // Whoever may write in the account may write this.
  const isPath = path !== undefined && path.length <= 4_096 && /^\/[^\p{Cc}]*$/u.test(path);
  return isPath ? { ...config, workspacePath: path } : config;
}
