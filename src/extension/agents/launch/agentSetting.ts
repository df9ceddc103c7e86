import { workspace } from 'vscode';

/** The person's own agents, as the setting has them. */
export function agentSetting(): unknown {
  return workspace.getConfiguration('runloop').get('agents');
}
