import { asObject, asString } from '../../core/parse';

const actions = [
  'open',
  'answer',
  'change',
  'prompt',
  'continue',
  'latest',
  'interrupt',
  'end',
  'log',
  'terminal',
  'export',
  'rules',
  'snapshots',
  'before',
  'more',
] as const;

export type AgentAction = (typeof actions)[number];

/** What is to be done with which session, as rows and lines of a document name it. */
export interface AgentTarget {
  readonly action: AgentAction;
  readonly devboxId: string;
  readonly session: string;
  readonly request?: string;
}

/** What a command was called with; undefined if it is none of ours. */
export function targetIn(argument: unknown): AgentTarget | undefined {
  const view = asObject(argument);
  const [action, devboxId, session] = ['action', 'devboxId', 'session'].map((name) => asString(view?.[name]));
  const known = actions.find((one) => one === action);
  if (known === undefined || devboxId === undefined || session === undefined) return undefined;
  const request = asString(view?.['request']);
  return { action: known, devboxId, session, ...(request === undefined ? {} : { request }) };
}
