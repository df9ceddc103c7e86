import { commands, l10n, ThemeColor, ThemeIcon, TreeItem, TreeItemCollapsibleState, window } from 'vscode';
import { oneLine } from '../../core/safeText';
import { agoText } from '../devboxes/devboxText';
import { escapeForEditor } from '../messages/escapeForEditor';
import { listText } from '../messages/listText';
import type { Log } from '../messages/log';
import { failureText } from '../messages/showFailure';
import { actionsOf, type OfferedAction } from './offeredActions';
import { agentName, inputText, lastAction, stateIcon, stateWord, unshownText } from './agentText';
import type { AgentState, LiveAgent } from './liveAgent';
import type { AgentTarget } from './agentTarget';

/** A row of agents. The same thing is always the same row: the editor knows rows by identity. */
export class AgentNode {
  readonly kind = 'branch';
  readonly devboxId: string;
  readonly isTop: boolean;
  readonly item: () => TreeItem;
  readonly below: () => Promise<readonly AgentNode[]>;
  readonly opened: () => void;

  constructor(
    devboxId: string,
    {
      item,
      below = () => Promise.resolve([]),
      opened = () => undefined,
      isTop = false,
    }: {
      readonly item: () => TreeItem;
      readonly below?: () => Promise<readonly AgentNode[]>;
      readonly opened?: () => void;
      readonly isTop?: boolean;
    },
  ) {
    this.devboxId = devboxId;
    this.isTop = isTop;
    this.item = item;
    this.below = below;
    this.opened = opened;
  }
}

const needed: readonly AgentState[] = [
  'waiting',
  'failed',
  'working',
  'starting',
  'done',
  'suspended',
  'lost',
  'ended',
];

/** Those that need a person first, then the newest. */
export function byNeed(agents: readonly LiveAgent[]): readonly LiveAgent[] {
  // One that a later process goes on with needs nobody.
  const need = ({ state, isContinued }: LiveAgent): number => (isContinued ? needed.length : needed.indexOf(state));
  return [...agents].sort((a, b) => need(a) - need(b));
}

/** The row "Agents" of a devbox. */
export function topItem(devboxId: string, agents: readonly LiveAgent[], isKnown: boolean): TreeItem {
  const item = new TreeItem(l10n.t('Agents'), TreeItemCollapsibleState.Collapsed);
  item.id = `${devboxId}/agents`;
  item.iconPath = new ThemeIcon('robot');
  item.contextValue = 'agents';
  const waiting = agents.filter(({ state }) => state === 'waiting').length;
  const working = agents.filter(({ state }) => state === 'working' || state === 'starting').length;
  const facts = [
    ...(waiting > 0 ? [l10n.t('need you: {0}', waiting)] : []),
    ...(working > 0 ? [l10n.t('working: {0}', working)] : []),
  ];
  if (isKnown && facts.length > 0) item.description = facts.join(' · ');
  if (waiting > 0) item.iconPath = new ThemeIcon('bell-dot', new ThemeColor('list.warningForeground'));
  item.accessibilityInformation = { label: listText([l10n.t('Agents'), ...facts]) };
  return item;
}

/** The row of a session: icon and word, and what it did last. */
export function sessionItem(agent: LiveAgent, nowMs: number): TreeItem {
  const { devboxId, found, state, waiting } = agent;
  const open = waiting.length > 0 ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
  const item = new TreeItem(agentName(agent), open);
  // Another id where it opens or closes by itself: the editor remembers how a row was.
  item.id = `${devboxId}/agents/${found.name}${waiting.length > 0 ? '/waiting' : ''}`;
  const ago = found.startedMs > 0 ? agoText(found.startedMs, nowMs) : '';
  const next = agent.isContinued ? l10n.t('continued') : '';
  const facts = [stateWord(state), next, lastAction(agent), ago].filter((fact) => fact !== '');
  item.description = facts.join(' · ');
  item.iconPath = stateIcon(agent.isContinued ? 'ended' : state);
  item.contextValue = 'agents.session';
  const tampered = agent.isTampered ? [l10n.t('Its record was changed from inside the devbox.')] : [];
  item.tooltip = [`${agentName(agent)}: ${stateWord(state)}`, oneLine(found.cwd, 200), ...tampered].join('\n');
  item.accessibilityInformation = { label: listText([agentName(agent), ...facts]) };
  const target: AgentTarget = { action: 'open', devboxId, session: found.name };
  item.command = { command: 'runloop.actOnAgent', title: l10n.t('Open Session'), arguments: [target] };
  return item;
}

/** What the row of a devbox says of its agents. */
export function needFacts(agents: readonly LiveAgent[]) {
  const count = agents.filter(({ state }) => state === 'waiting').length;
  if (count === 0) return [];
  const shown = count === 1 ? l10n.t('1 agent needs you') : l10n.t('{0} agents need you', count);
  return [{ shown, spoken: shown, isPressing: true }];
}

/** The rows of what a session waits for. */
export function requestNodes(agent: LiveAgent): readonly AgentNode[] {
  const { devboxId, found, waiting } = agent;
  const unshown = unshownText(agent).map((text, index) =>
    infoNode(devboxId, `${devboxId}/agents/${found.name}/unshown ${index}`, () => text),
  );
  const nodes = waiting.map(
    (request) =>
      new AgentNode(devboxId, {
        item: () => {
          const label = oneLine(inputText(request), 100);
          const item = new TreeItem(label);
          item.id = `${devboxId}/agents/${found.name}/request ${request.digest}`;
          item.description = l10n.t('waits for your answer');
          item.iconPath = new ThemeIcon('question', new ThemeColor('list.warningForeground'));
          item.tooltip = oneLine(inputText(request), 2_000);
          item.accessibilityInformation = { label: `${label}, ${l10n.t('waits for your answer')}` };
          const target: AgentTarget = { action: 'answer', devboxId, session: found.name, request: request.id };
          item.command = { command: 'runloop.actOnAgent', title: l10n.t('Answer…'), arguments: [target] };
          return item;
        },
      }),
  );
  return [...nodes, ...unshown];
}

/** The rows of what can be done with a session: the most usual thing, and a list of the rest. */
export function actionNodes(agent: LiveAgent): readonly AgentNode[] {
  const { devboxId, found } = agent;
  const node = ({ action, title }: OfferedAction, icon: string): AgentNode =>
    new AgentNode(devboxId, {
      item: () => {
        const item = new TreeItem(title);
        item.id = `${devboxId}/agents/${found.name}/${action}`;
        item.iconPath = new ThemeIcon(icon);
        const target: AgentTarget = { action, devboxId, session: found.name };
        item.command = { command: 'runloop.actOnAgent', title, arguments: [target] };
        return item;
      },
    });
  return [
    ...actionsOf(agent, 0).flatMap((offered) => {
      if (offered.action === 'prompt') return [node(offered, 'comment')];
      return offered.action === 'continue' || offered.action === 'latest' ? [node(offered, 'debug-continue')] : [];
    }),
    node({ action: 'more', title: l10n.t('More…') }, 'ellipsis'),
  ];
}

/** Says that a devbox has more records of sessions than are shown. */
export function leftNode(devboxId: string, left: number): AgentNode {
  return infoNode(devboxId, `${devboxId}/agents left`, () =>
    left === 1 ? l10n.t('1 more record is not shown') : l10n.t('{0} more records are not shown', left),
  );
}

function infoNode(devboxId: string, id: string, text: () => string): AgentNode {
  return new AgentNode(devboxId, {
    item: () => {
      const item = new TreeItem(text());
      item.id = id;
      item.iconPath = new ThemeIcon('info');
      return item;
    },
  });
}

/** A line that only says something. */
export function noteNode(devboxId: string, failure?: unknown): AgentNode {
  return new AgentNode(devboxId, {
    item: () => {
      const item = new TreeItem(failure === undefined ? l10n.t('No agents') : l10n.t('Agents could not be read'));
      item.id = `${devboxId}/agents note`;
      if (failure !== undefined) item.description = failureText(failure);
      item.iconPath = new ThemeIcon(failure === undefined ? 'info' : 'warning');
      return item;
    },
  });
}

/** Tells that a session has begun to wait; the message leads to the question. */
export function tellThatItWaits(devbox: string, agent: LiveAgent, log: Pick<Log, 'failure'>): void {
  const [request] = agent.waiting;
  if (request === undefined) return;
  const answer = l10n.t('Answer…');
  const said = oneLine(inputText(request), 120);
  const text = escapeForEditor(l10n.t('{0} in {1} needs you: {2}', agentName(agent), devbox, said));
  const target = { action: 'answer', devboxId: agent.devboxId, session: agent.found.name };
  window.showWarningMessage(text, answer).then(
    async (chosen) => {
      if (chosen !== answer) return;
      // The editor takes no message back: where its request was answered elsewhere, it leads to what waits now.
      const { waiting } = agent;
      const isNext = waiting.length > 0 && !waiting.some(({ id }) => id === request.id);
      await commands.executeCommand('runloop.actOnAgent', isNext ? target : { ...target, request: request.id });
    },
    (error: unknown) => log.failure('Showing a message', error),
  );
}
