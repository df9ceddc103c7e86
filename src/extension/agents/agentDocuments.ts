import {
  CodeLens,
  EventEmitter,
  l10n,
  languages,
  Range,
  TabInputText,
  TabInputTextDiff,
  Uri,
  window,
  workspace,
  type CodeLensProvider,
  type DocumentLink,
  type DocumentLinkProvider,
  type TextDocument,
  type TextDocumentContentProvider,
} from 'vscode';
import type { WaitingRequest } from '../../core/agents/waiting';
import { exactText } from '../../core/agents/exactText';
import type { Disposable } from '../../core/events';
import { asNumber, asObject, asString, parseJson } from '../../core/parse';
import { actionsOf } from './offeredActions';
import { agentName } from './agentText';
import type { AgentAction, AgentTarget } from './agentTarget';
import type { LiveAgent } from './liveAgent';
import { sessionLinks } from './document/sessionLinks';
import { requestText, sessionText } from './sessionText';

/** Scheme of the read-only documents of sessions, requests and sides of changes. */
const agentScheme = 'runloop-session';

export interface AgentDocumentsContext {
  readonly find: (devboxId: string, session: string) => LiveAgent | undefined;
  readonly nameOf: (devboxId: string) => string;
  readonly rulesOf: (devboxId: string) => number;
  /** A folder of a devbox, by which its files are addressed. */
  readonly rootOf: (devboxId: string) => Promise<Uri>;
}

/** Milliseconds between two drawings: an editor asks for the lines' buttons only when its text rests for a quarter of a second. */
const drawMs = 500;
/**
 * Milliseconds until the lines' buttons are asked for once more: an editor that loses the focus at once after its text has
 * changed leaves them out, until something makes it ask again.
 */
const settleMs = 1_000;

/** Lines that a question covers: it lies over the top of what it is about. */
const coveredLines = 10;

/** What a document shows: a session, the exact input of a request, or one side of a change that it would make. */
interface ShownDocument {
  readonly devboxId: string;
  readonly session: string;
  readonly request: string | undefined;
  readonly diff: number | undefined;
  readonly side: 'before' | 'after' | undefined;
}

/** The read-only documents of agents, and what can be done at their lines. */
export class AgentDocuments implements TextDocumentContentProvider, CodeLensProvider, DocumentLinkProvider, Disposable {
  readonly #context: AgentDocumentsContext;
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #lensesChanged = new EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#lensesChanged.event;
  readonly #logs = new Map<string, string>();
  #settling: NodeJS.Timeout | undefined;
  /** The request that somebody is asked about now, by its session and ID. */
  #asked: { readonly key: string } | undefined;
  /** Devboxes whose documents were drawn a moment ago, and whether they are stale since. */
  readonly #drawn = new Map<string, boolean>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #owned: readonly Disposable[];

  constructor(context: AgentDocumentsContext) {
    this.#context = context;
    this.#owned = [
      this.#changed,
      this.#lensesChanged,
      workspace.registerTextDocumentContentProvider(agentScheme, this),
      languages.registerCodeLensProvider({ scheme: agentScheme }, this),
      languages.registerDocumentLinkProvider({ scheme: agentScheme }, this),
    ];
  }

  /** The address of a session's document. */
  sessionUri(agent: LiveAgent): Uri {
    const name = l10n.t('{0} in {1}', agentName(agent), this.#context.nameOf(agent.devboxId));
    return this.#uri(agent, `runloop-agent/${inName(name)}`, {});
  }

  /** The address of what a request would do. */
  requestUri(agent: LiveAgent, request: WaitingRequest): Uri {
    return this.#uri(agent, `runloop-agent/${l10n.t('Request')}`, { request: request.id });
  }

  /** Both sides of a change that a request would make. */
  diffUris(agent: LiveAgent, request: WaitingRequest, diff: number): readonly [Uri, Uri] {
    const path = request.diffs[diff]?.path ?? '';
    const name = path.slice(path.lastIndexOf('/') + 1);
    const side = (which: 'before' | 'after'): Uri =>
      this.#uri(agent, name === '' ? l10n.t('Request') : inName(exactText(name)), {
        request: request.id,
        diff,
        side: which,
      });
    return [side('before'), side('after')];
  }

  /** The address of the log of an agent as it is now. */
  logUri(agent: LiveAgent, text: string): Uri {
    const uri = this.#uri(agent, `runloop-agent/${l10n.t('Log of the Agent')}`, { request: '', log: true });
    this.#logs.set(uri.toString(), text);
    this.#changed.fire(uri);
    return uri;
  }

  /** Leaves the top of what a request would do empty, as long as a question about it covers that. */
  async whileAsked<T>(agent: LiveAgent, { id }: WaitingRequest, ask: () => Promise<T>): Promise<T> {
    const asked = { key: requestKey(agent.devboxId, agent.found.name, id) };
    const redraw = (): void => {
      for (const { uri } of workspace.textDocuments) {
        if (keyOf(shownDocument(uri)) === asked.key) this.#changed.fire(uri);
      }
    };
    this.#asked = asked;
    redraw();
    try {
      return await ask();
    } finally {
      // A later question has taken the place of this one.
      if (this.#asked === asked) this.#asked = undefined;
      redraw();
    }
  }

  /** Closes what was shown for a question, unless somebody has kept it: what they came from is in front again. */
  async leave({ devboxId, found }: LiveAgent, { id }: WaitingRequest): Promise<void> {
    const key = requestKey(devboxId, found.name, id);
    const tabs = window.tabGroups.all.flatMap((group) =>
      group.tabs.filter(({ input, isPreview }) => isPreview && keyOf(shownIn(input)) === key),
    );
    if (tabs.length === 0) return;
    await window.tabGroups.close(tabs);
    // An editor that comes back shows the buttons that it had.
    this.settle();
  }

  /** Whether somebody looks at the session now. */
  isSeen(agent: LiveAgent): boolean {
    const { focused } = window.state;
    return focused && window.visibleTextEditors.some(({ document }) => this.#isOf(document.uri, agent));
  }

  /** Something is different in the sessions of a devbox; those that are open are drawn at once, then now and then. */
  changed(devboxId: string): void {
    const isEarly = this.#drawn.has(devboxId);
    this.#drawn.set(devboxId, isEarly);
    if (isEarly) return;
    const later = (): void => {
      const isStale = this.#drawn.get(devboxId) === true;
      this.#drawn.delete(devboxId);
      this.#timers.delete(timer);
      if (isStale) this.changed(devboxId);
    };
    const timer = setTimeout(later, drawMs);
    this.#timers.add(timer);
    for (const { uri } of workspace.textDocuments) {
      const shown = shownDocument(uri);
      // What a request asks for stays, but not that it waits.
      const isDrawn = shown?.request !== '' && shown?.diff === undefined;
      if (shown?.devboxId === devboxId && isDrawn) this.#changed.fire(uri);
    }
    this.settle();
  }

  /** The lines' buttons are those of now, also where the editor was left while it asked for them. */
  settle(): void {
    this.#lensesChanged.fire();
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#lensesChanged.fire(), settleMs);
  }

  provideTextDocumentContent(uri: Uri): string {
    const log = this.#logs.get(uri.toString());
    if (log !== undefined) return log;
    const shown = shownDocument(uri);
    const agent = shown === undefined ? undefined : this.#context.find(shown.devboxId, shown.session);
    if (shown === undefined || agent === undefined) {
      return l10n.t('This session is not known in this window. Open it from its row.');
    }
    if (shown.request === undefined) return sessionText(agent, this.#context.nameOf(shown.devboxId)).text;
    const request = agent.request(shown.request);
    if (request === undefined) return l10n.t('This request is no longer known.');
    const covered = this.#asked?.key === keyOf(shown) ? '\n'.repeat(coveredLines) : '';
    if (shown.diff === undefined) return `${covered}${requestText(agent, request)}`;
    const diff = request.diffs[shown.diff];
    return `${covered}${(shown.side === 'before' ? diff?.before : diff?.after) ?? ''}`;
  }

  provideCodeLenses({ uri }: TextDocument): CodeLens[] {
    const shown = shownDocument(uri);
    const agent = shown === undefined ? undefined : this.#context.find(shown.devboxId, shown.session);
    if (agent === undefined || shown?.request !== undefined) return [];
    const { devboxId, found } = agent;
    const lens = (line: number, title: string, action: AgentAction, request?: string): CodeLens => {
      const target: AgentTarget = { action, devboxId, session: found.name, ...(request !== undefined && { request }) };
      return new CodeLens(new Range(line, 0, line, 0), { title, command: 'runloop.actOnAgent', arguments: [target] });
    };
    return [
      ...actionsOf(agent, this.#context.rulesOf(devboxId)).map(({ action, title }) => lens(0, title, action)),
      ...sessionText(agent, '').requests.flatMap(({ line, request, isOpen }) => [
        ...(isOpen ? [lens(line, l10n.t('Answer…'), 'answer', request.id)] : []),
        ...(request.diffs.length > 0 ? [lens(line, l10n.t('Show Change'), 'change', request.id)] : []),
      ]),
    ];
  }

  async provideDocumentLinks({ uri }: TextDocument): Promise<DocumentLink[]> {
    const shown = shownDocument(uri);
    const agent = shown === undefined ? undefined : this.#context.find(shown.devboxId, shown.session);
    if (agent === undefined || shown?.request !== undefined) return [];
    const { files } = sessionText(agent, this.#context.nameOf(agent.devboxId));
    return files.length === 0 ? [] : sessionLinks(files, await this.#context.rootOf(agent.devboxId), agent.found.cwd);
  }

  dispose(): void {
    clearTimeout(this.#settling);
    for (const timer of this.#timers) clearTimeout(timer);
    for (const one of this.#owned) one.dispose();
  }

  #uri({ devboxId, found }: LiveAgent, path: string, more: object): Uri {
    return Uri.from({
      scheme: agentScheme,
      path: `/${path}`,
      query: JSON.stringify({ devboxId, session: found.name, ...more }),
    });
  }

  #isOf(uri: Uri, { devboxId, found }: LiveAgent): boolean {
    const shown = shownDocument(uri);
    return shown?.devboxId === devboxId && shown.session === found.name;
  }
}

function requestKey(devboxId: string, session: string, request: string): string {
  return JSON.stringify([devboxId, session, request]);
}

function keyOf(shown: ShownDocument | undefined): string | undefined {
  return shown?.request === undefined ? undefined : requestKey(shown.devboxId, shown.session, shown.request);
}

/** What a tab shows; of a change, its new side. */
function shownIn(input: unknown): ShownDocument | undefined {
  if (input instanceof TabInputText) return shownDocument(input.uri);
  return input instanceof TabInputTextDiff ? shownDocument(input.modified) : undefined;
}

/** A name as one part of a path. */
function inName(name: string): string {
  return name.replaceAll('/', '∕');
}

function shownDocument(uri: Uri): ShownDocument | undefined {
  if (uri.scheme !== agentScheme) return undefined;
  const view = asObject(parseJson(uri.query));
  const [devboxId, session] = [asString(view?.['devboxId']), asString(view?.['session'])];
  if (devboxId === undefined || session === undefined) return undefined;
  const side = view?.['side'];
  return {
    devboxId,
    session,
    request: asString(view?.['request']),
    diff: asNumber(view?.['diff']),
    side: side === 'before' || side === 'after' ? side : undefined,
  };
}
