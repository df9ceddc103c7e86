import { l10n } from 'vscode';
import type { Action } from '../../core/actionServer/actions';
import { asNumber, asObject, asString, parseJson } from '../../core/parse';

/** Seconds that an action may take, as the runtime has it. */
const longestSeconds = 86_400;

/**
 * Reads one action, or a list of them, from JSON.
 *
 * @param mostActions how many a list may hold
 * @returns the actions, or what is wrong with the text
 */
export function parseActions(text: string, mostActions: number): readonly Action[] | string {
  const value = parseJson(text);
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (list.length > mostActions) return l10n.t('A list may have at most {0} actions (max_iterations).', mostActions);
  const actions: Action[] = [];
  for (const one of list) {
    const object = asObject(one);
    const action = asString(object?.['action']);
    const args = object?.['args'] === undefined ? {} : asObject(object['args']);
    if (object === undefined || action === undefined || action === '' || args === undefined) {
      return l10n.t('Enter an action such as {0}, or a list of them.', '{"action": "run", "args": {"command": "ls"}}');
    }
    const timeout = object['timeout'] === undefined ? undefined : asNumber(object['timeout']);
    if (object['timeout'] !== undefined && !(timeout !== undefined && timeout > 0 && timeout <= longestSeconds)) {
      return l10n.t('The timeout must be above 0 and at most {0} seconds.', longestSeconds);
    }
    actions.push({ action, args, ...(timeout === undefined ? {} : { timeout }) });
  }
  return actions.length === 0 ? l10n.t('The list has no actions.') : actions;
}
