import { commands, l10n, window, workspace, type QuickPickItem } from 'vscode';
import { pathsIn, ruleOf } from '../../core/agents/consent';
import type { Choice, WaitingRequest } from '../../core/agents/waiting';
import { oneLine } from '../../core/safeText';
import { escapeForEditor } from '../messages/escapeForEditor';
import { agentName, inputText, meaningOf, unofferedText } from './agentText';
import type { Agents } from './agents';
import type { LiveAgent } from './liveAgent';

interface Answer {
  readonly does: 'answer';
  readonly choice: Choice;
  readonly isAlways: boolean;
}

type Picked = Answer | { readonly does: 'nothing' | 'showInput' | 'showDiff' };

type Item = QuickPickItem & { readonly does: Picked };

/**
 * Shows what an agent asks for, exactly, and takes a person's answer. Nothing is chosen beforehand: Enter and Escape leave it
 * as it is.
 *
 * @param agent as it is now
 */
export async function answerRequest(agents: Agents, agent: LiveAgent, requestId: string | undefined): Promise<void> {
  const request =
    agent.waiting.find(({ id }) => id === requestId) ?? (requestId === undefined ? agent.waiting[0] : undefined);
  if (request === undefined) {
    sayAnswered(agent, requestId);
    return;
  }
  const answer = await agents.documents.whileAsked(agent, request, () => ask(agents, agent, request));
  if (answer === undefined) return;
  await give(agents, agent, request, answer);
  await agents.documents.leave(agent, request);
}

/** @returns what was decided; undefined if nothing was */
async function ask(agents: Agents, agent: LiveAgent, request: WaitingRequest): Promise<Answer | undefined> {
  const hasDiff = request.diffs.length > 0;
  await (hasDiff ? showDiff(agents, agent, request) : showInput(agents, agent, request));
  for (;;) {
    const picked = (
      await window.showQuickPick(items(agent, request), {
        title: l10n.t('{0} in {1}', agentName(agent), agents.nameOf(agent.devboxId)),
        placeHolder: escapeForEditor(oneLine(inputText(request), 300)),
        ignoreFocusOut: true,
      })
    )?.does;
    if (picked === undefined || picked.does === 'nothing') return undefined;
    if (picked.does === 'answer') return picked;
    await (picked.does === 'showDiff' ? showDiff : showInput)(agents, agent, request);
  }
}

function items(agent: LiveAgent, request: WaitingRequest): Item[] {
  const once = request.choices.find(({ means }) => means === 'allow_once');
  const { input, diffs } = request;
  const own = request.choices.filter(({ means }) => means !== 'allow_always');
  const always =
    input === undefined || agent.origin === undefined
      ? undefined
      : input.kind === 'command'
        ? l10n.t('Allow, and Always Allow This Command')
        : l10n.t('Allow, and Always Allow Changes of This File');
  return [
    { label: l10n.t('Decide Later'), does: { does: 'nothing' } },
    ...(diffs.length > 0 ? [{ label: l10n.t('Show Change'), does: { does: 'showDiff' } } as const] : []),
    {
      label: l10n.t('Show Exact Input'),
      ...(request.unoffered > 0 && { description: unofferedText(request.unoffered) }),
      does: { does: 'showInput' },
    },
    ...own.map((choice): Item => ({
      label: meaningOf(choice.means),
      description: escapeForEditor(oneLine(choice.name, 80)),
      does: { does: 'answer', choice, isAlways: false },
    })),
    ...(once === undefined || always === undefined
      ? []
      : [
          {
            label: always,
            description: l10n.t('by a rule of this editor, in this devbox'),
            does: { does: 'answer', choice: once, isAlways: true },
          } as const,
        ]),
  ];
}

async function give(
  agents: Agents,
  agent: LiveAgent,
  request: WaitingRequest,
  { choice, isAlways }: Answer,
): Promise<void> {
  const { signal, origin } = agent;
  signal.throwIfAborted();
  let earlier: string | undefined;
  try {
    earlier = await agent.answer(request, choice);
  } catch (error) {
    if (!signal.aborted) throw error;
    // It was on its way: nobody knows whether it has arrived.
    void window.showWarningMessage(
      l10n.t('This window has switched to another account. Your answer was being sent: it may have been given.'),
    );
    return;
  }
  if (earlier !== undefined) {
    sayAnswered(agent, request.id);
    return;
  }
  let isRule = false;
  try {
    isRule = isAlways && (await becomesRule(agents, agent, request, origin));
    if (isRule) await agent.considerAgain();
  } catch (error) {
    if (!signal.aborted) throw error;
  }
  if (!signal.aborted) return;
  void window.showWarningMessage(
    isAlways && !isRule
      ? l10n.t('This window has switched to another account. Your answer was given, but no rule was made of it.')
      : l10n.t('This window has switched to another account. Your answer was given.'),
  );
}

/** Allows from now on what was allowed once. @returns whether it can be a rule */
async function becomesRule(
  agents: Agents,
  agent: LiveAgent,
  request: WaitingRequest,
  origin: LiveAgent['origin'],
): Promise<boolean> {
  if (origin === undefined) return false;
  const rule = await ruleOf(request, origin, { resolve: pathsIn(agent.commands), signal: agent.signal });
  if (rule === undefined) {
    await window.showInformationMessage(l10n.t('It was allowed once. This request cannot become a rule.'));
    return false;
  }
  await agents.rules.add(rule);
  return true;
}

/** Says that a request waits no more, and who answered it where that is known. */
function sayAnswered(agent: LiveAgent, requestId: string | undefined): void {
  const by = requestId === undefined ? undefined : agent.transcript.answers.get(requestId)?.by;
  const text =
    by === undefined || !by.isSealed
      ? l10n.t('{0} is no longer waiting for this.', agentName(agent))
      : l10n.t('This was already answered by {0}.', escapeForEditor(oneLine(by.who, 80)));
  void window.showInformationMessage(text);
}

/** Shows both sides of what a request would change, or has asked to change. */
export async function showDiff(agents: Agents, agent: LiveAgent, request: WaitingRequest): Promise<void> {
  const sides = request.diffs.slice(0, 100).map((_, index) => agents.documents.diffUris(agent, request, index));
  const [first] = sides;
  if (first === undefined) return;
  const title = l10n.t('What {0} wants to change: {1}', agentName(agent), oneLine(request.diffs[0]?.path ?? '', 200));
  const options = { preview: true, preserveFocus: true };
  if (sides.length === 1) {
    await commands.executeCommand('vscode.diff', ...first, title, options);
  } else {
    const all = sides.map(([before, after]) => [after, before, after]);
    await commands.executeCommand('vscode.changes', l10n.t('What {0} wants to change', agentName(agent)), all);
  }
}

async function showInput(agents: Agents, agent: LiveAgent, request: WaitingRequest): Promise<void> {
  const document = await workspace.openTextDocument(agents.documents.requestUri(agent, request));
  await window.showTextDocument(document, { preview: true, preserveFocus: true });
}
