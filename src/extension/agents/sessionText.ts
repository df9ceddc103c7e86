import { l10n } from 'vscode';
import type { ToolCall, Transcript, TranscriptItem } from '../../core/agents/transcript';
import type { WaitingRequest } from '../../core/agents/waiting';
import { exactText } from '../../core/agents/exactText';
import { oneLine } from '../../core/safeText';
import { redact } from '../../core/redact';
import { agentName, callWord, commandText, meaningOf, stateWord, unofferedText, unshownText } from './agentText';
import { byRule, type LiveAgent } from './liveAgent';
import { isOver } from './offeredActions';
import { clockText } from '../messages/editorsLanguage';

/** A line of the document that something can be done at. */
export interface RequestLine {
  readonly line: number;
  readonly request: WaitingRequest;
  readonly isOpen: boolean;
}

/** Where the path of a file stands. */
export interface FileLine {
  readonly line: number;
  readonly from: number;
  readonly path: string;
}

/** As much as stands in one line of what is answered. */
const longLine = /.{1,200}/gsu;

/** The longest that is shown of one output. */
const mostOutput = 4_000;

/** One thing of a session: its first line is ours, the others are moved in. */
interface Part {
  readonly item: TranscriptItem;
  readonly lines: readonly string[];
}

/** What the document of a session is made of. */
export function sessionParts(
  agent: LiveAgent,
  devbox: string,
): { readonly head: readonly string[]; readonly parts: readonly Part[] } {
  const { transcript, found } = agent;
  const head = [
    [agentName(agent), devbox, stateWord(agent.state), ...(agent.isContinued ? [l10n.t('continued')] : [])].join(' · '),
    l10n.t('Folder: {0}', oneLine(found.cwd, 500)),
    ...(transcript.mode === undefined ? [] : [l10n.t('Mode by the agent: {0}', oneLine(transcript.mode, 60))]),
    ...(agent.isTampered
      ? [l10n.t('Its record was changed from inside the devbox: do not rely on what follows.')]
      : []),
    ...(found.earlier === undefined
      ? []
      : [l10n.t('It continues an earlier session. What comes before the first prompt here is as the agent tells it.')]),
    ...unshownText(agent).map((text) => l10n.t('{0}.', text)),
    ...(isOver(agent) && agent.isRead && agent.continuable === undefined
      ? [
          agent.sessionId === undefined
            ? l10n.t('This agent ended before it had begun a session. You can start a new one.')
            : l10n.t('This agent cannot continue its session. You can start a new one.'),
        ]
      : []),
    l10n.t(
      'What is answered here binds only an agent that asks. What it does without asking is limited by the devbox alone.',
    ),
  ];
  const { dropped } = transcript;
  if (dropped > 0) {
    head.push(
      '',
      dropped === 1 ? l10n.t('… 1 earlier entry is left out.') : l10n.t('… {0} earlier entries are left out.', dropped),
    );
  }
  const open = new Set(agent.waiting.map(({ id }) => id));
  return { head, parts: transcript.items.map((item) => ({ item, lines: linesOf(item, transcript, open) })) };
}

/**
 * The document of a session. What is ours begins at the left edge, what an agent says is moved in: no text of an agent looks
 * like a word of ours.
 */
export function sessionText(
  agent: LiveAgent,
  devbox: string,
): { readonly text: string; readonly requests: readonly RequestLine[]; readonly files: readonly FileLine[] } {
  const { head, parts } = sessionParts(agent, devbox);
  const all = [...head];
  const requests: RequestLine[] = [];
  const files: FileLine[] = [];
  const ids = new Set(agent.waiting.map(({ id }) => id));
  for (const { item, lines } of parts) {
    all.push('');
    if (item.kind === 'request') {
      requests.push({ line: all.length, request: item.request, isOpen: ids.has(item.request.id) });
    }
    files.push(...fileLines(item, lines, all.length));
    all.push(...lines);
  }
  return { text: `${all.join('\n')}\n`, requests, files };
}

/** The line that whoever opens a session's document has to see: what waits for them, else the end. */
export function lineToShow(text: string): number {
  const lines = text.split('\n');
  const waits = lines.indexOf(l10n.t('── Permission: waits for your answer'));
  return waits < 0 ? lines.length - 1 : waits;
}

/** Where the files of an item are named, each where it is written as it is. */
function fileLines(item: TranscriptItem, lines: readonly string[], first: number): readonly FileLine[] {
  const named =
    item.kind === 'call'
      ? item.files
      : item.kind === 'request' && item.request.input?.kind === 'paths'
        ? item.request.input.paths
        : [];
  return named.flatMap((path) => {
    const text = `  ${l10n.t('File: {0}', path)}`;
    const index = lines.indexOf(text);
    return path === '' || index < 1 ? [] : [{ line: first + index, from: text.lastIndexOf(path), path }];
  });
}

/** @param open ids of requests that wait */
function linesOf(item: TranscriptItem, transcript: Transcript, open: ReadonlySet<string>): readonly string[] {
  switch (item.kind) {
    case 'prompt': {
      const by = item.by.isSealed ? oneLine(item.by.who, 80) : l10n.t('unknown');
      return [l10n.t('── Prompt by {0}, {1}', by, timeText(item.by.at)), ...movedIn(item.text)];
    }
    case 'said':
      return [l10n.t('── Agent'), ...movedIn(item.pieces.join(''))];
    case 'asked':
      return [l10n.t('── Earlier Prompt, as the agent tells it'), ...movedIn(item.pieces.join(''))];
    case 'thought':
      return [l10n.t('── Thought'), ...movedIn(item.pieces.join(''))];
    case 'plan':
      return [
        l10n.t('── Plan'),
        ...item.lines.map(({ text, status }) => `  ${planMark(status)} ${oneLine(text, 500)}`),
      ];
    case 'call':
      return [
        l10n.t('── Tool: {0}, {1}', oneLine(item.tool, 40), callWord(item.status)),
        `  ${oneLine(item.title, 500)}`,
        ...(item.input === '' ? [] : movedIn(l10n.t('Input: {0}', cut(item.input)))),
        ...item.files.map((path) => `  ${l10n.t('File: {0}', oneLine(path, 500))}`),
        ...(item.output === '' ? [] : movedIn(outputText(item))),
      ];
    case 'request':
      return [requestHead(item.request, transcript, open), ...requestLines(item.request).map((line) => `  ${line}`)];
    case 'stop':
      return [l10n.t('── Turn ended: {0}', stopText(item.reason))];
    case 'noise':
      return [l10n.t('── Not understood'), ...movedIn(oneLine(item.text, 300))];
    case 'reused':
      return [
        l10n.t('── A request that cannot be answered: its ID was used before'),
        ...movedIn(oneLine(item.text, 300)),
      ];
    case 'unanswerable':
      return [
        l10n.t('── A request that cannot be answered: it has no ID that can be sent back as it came'),
        ...movedIn(oneLine(item.text, 300)),
      ];
    case 'cut':
      return [l10n.t('── Left out: a line of {0} bytes, longer than what is kept', item.bytes.toLocaleString())];
    case 'gone': {
      if (item.isFull) return [l10n.t('── The agent was ended: it had said more than is kept of it.')];
      if (item.life === 'gone') {
        return [l10n.t('── The process of the agent is gone, as it is after the devbox was suspended.')];
      }
      const code = item.exitCode === undefined ? '' : String(item.exitCode);
      return [l10n.t('── The agent ended (exit code {0}).', code)];
    }
  }
}

function requestHead(request: WaitingRequest, { answers }: Transcript, open: ReadonlySet<string>): string {
  const answer = answers.get(request.id);
  if (answer === undefined) {
    return open.has(request.id)
      ? l10n.t('── Permission: waits for your answer')
      : l10n.t('── Permission: was not answered, and waits no more');
  }
  // An answer is to what was shown then, and to nothing else.
  const isTheirs = answer.by.isSealed && answer.by.requestDigest === request.digest;
  const by = isTheirs ? oneLine(answer.by.who, 80) : l10n.t('unknown');
  const choice = request.choices.find(({ id }) => id === answer.option);
  const time = timeText(answer.by.at);
  if (choice === undefined && !answer.isCancel) {
    return l10n.t('── Permission: answered by {0}, {1}, but the answer is not in the record of the agent', by, time);
  }
  const meaning = choice === undefined ? l10n.t('Cancelled') : meaningOf(choice.means);
  const isRule = isTheirs && answer.by.who.endsWith(`, ${byRule}`);
  if (!isRule) return l10n.t('── Permission: {0}, by {1}, {2}', meaning, by, time);
  return l10n.t('── Permission: {0}, by a rule of {1}, {2}', meaning, by.slice(0, -byRule.length - 2), time);
}

/** A request by itself: all of what it would do, and first how it was answered, if it waits no more. */
export function requestText({ transcript, waiting }: LiveAgent, request: WaitingRequest): string {
  const isOpen = waiting.some(({ id, digest }) => id === request.id && digest === request.digest);
  const head = isOpen ? [] : [requestHead(request, transcript, new Set()), ''];
  return `${[...head, ...requestLines(request)].join('\n')}\n`;
}

/** All of what a request would do; the agent's title last, as it may say anything. */
function requestLines({ input, title, rawInput, diffs, tool, unoffered }: WaitingRequest): readonly string[] {
  const exact =
    input === undefined
      ? [l10n.t('The agent does not say exactly what it would do.')]
      : input.kind === 'command'
        ? [
            ...shown(l10n.t('Command: {0}', commandText(input.command))),
            ...(input.cwd === undefined ? [] : [l10n.t('In: {0}', exactText(input.cwd))]),
          ]
        : input.paths.flatMap((path) => shown(l10n.t('File: {0}', path)));
  return [
    l10n.t('Tool: {0}', oneLine(tool.replace(/:$/, ''), 80)),
    ...exact,
    ...diffs.map(({ path, after }) =>
      l10n.t('Change of {0}: {1} characters', oneLine(path, 1_000), after.length.toLocaleString()),
    ),
    ...(rawInput === undefined ? [] : shown(l10n.t('Input: {0}', rawInput))),
    ...shown(l10n.t('Title by the agent: {0}', title)),
    ...(unoffered === 0 ? [] : [unofferedText(unoffered)]),
  ];
}

/**
 * A text with all that is in it, as lines. What is not its first line is moved in, so that no part of it reads as the next word of
 * ours; a line that an editor would show only the beginning of goes on below.
 */
function shown(text: string): readonly string[] {
  return exactText(text)
    .split('\n')
    .flatMap((line) => (line.match(longLine) ?? ['']).map((piece, at) => (at === 0 ? piece : `↪ ${piece}`)))
    .map((line, index) => (index === 0 ? line : `  ${line}`));
}

function movedIn(text: string): readonly string[] {
  return redact(text.trimEnd())
    .split(/[\n\u2028\u2029]/)
    .map((line) => `  ${line}`);
}

/** Text that came before a call was over may describe it: that is not called its output. */
function outputText({ output, isResult }: ToolCall): string {
  return isResult ? l10n.t('Output: {0}', cut(output)) : l10n.t('Text by the agent: {0}', cut(output));
}

function cut(text: string): string {
  return text.length <= mostOutput ? text : `${text.slice(0, mostOutput)}…`;
}

function timeText(atMs: number): string {
  return clockText(atMs);
}

function planMark(status: string): string {
  return status === 'completed' ? '[x]' : status === 'in_progress' ? '[>]' : '[ ]';
}

function stopText(reason: string): string {
  switch (reason) {
    case 'end_turn':
      return l10n.t('done');
    case 'cancelled':
      return l10n.t('interrupted or rejected');
    case 'refusal':
      return l10n.t('the agent refused');
    case 'max_tokens':
    case 'max_turn_requests':
      return l10n.t('a limit of the agent was reached');
    default:
      return oneLine(reason, 300);
  }
}
