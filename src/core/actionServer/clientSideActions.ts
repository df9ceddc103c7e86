import { makeObservation, type Observation } from './observation';
import { asString } from '../parse';
import type { Action } from './actions';

/** The types that go to a server or to MCP; all others are known to the agent's side only. */
const runnable = new Set([
  'run',
  'run_ipython',
  'read',
  'write',
  'edit',
  'browse',
  'browse_interactive',
  'call_tool_mcp',
]);
const neverSent = new Set([
  'message',
  'system',
  'recall',
  'finish',
  'reject',
  'delegate',
  'null',
  'change_agent_state',
  'condensation',
  'condensation_request',
  'loop_recovery',
]);

/**
 * The observation of an action that must not be sent (action server contract §12.2), or undefined for one that must.
 * The server does not enforce confirmations: holding an action back is the client's part.
 */
export function answeredHere(action: Action): Observation | undefined {
  const args = action.args as Readonly<Record<string, unknown>>;
  if (action.action === 'think') return makeObservation('think', 'Your thought has been logged.');
  if (action.action === 'task_tracking') {
    return makeObservation('task_tracking', '', {
      command: args['command'] ?? 'view',
      task_list: args['task_list'] ?? [],
    });
  }
  if (neverSent.has(action.action)) return makeObservation('null', '');
  const confirmation = asString(args['confirmation_state']);
  if (confirmation === 'awaiting_confirmation') return makeObservation('null', '');
  if (confirmation === 'rejected') return makeObservation('user_rejected', 'The user rejected this action.');
  if (!runnable.has(action.action)) {
    const content = `The runtime does not know actions of type "${action.action}".`;
    return makeObservation('error', content, { error_id: 'AGENT_ERROR$BAD_ACTION' });
  }
  if (action.action === 'edit' && args['impl_source'] === 'llm_based_edit') {
    const content = 'Editing by a language model is not offered here; use the editor commands.';
    return makeObservation('error', content, { error_id: 'AGENT_ERROR$BAD_ACTION' });
  }
  return undefined;
}
