import {
  DocumentLink,
  EventEmitter,
  languages,
  Range,
  Uri,
  workspace,
  type CancellationToken,
  type TextDocument,
  type TextDocumentContentProvider,
  type DocumentLinkProvider,
} from 'vscode';
import type { StepKind, StepLine } from '../../core/diagnosis';
import type { Disposable } from '../../core/events';
import { asString } from '../../core/parse';
import { withSignal } from '../messages/cancellation';
import type { CommandId } from '../commandIds';
import type { StopSources } from './stopText';

const scheme = 'runloop-why';

/** The only commands that a document can run. Those that start something ask for everything themselves. */
const stepCommands: Readonly<
  Record<
    StepKind,
    (devboxId: string) => readonly [command: CommandId | 'workbench.action.openSettings', ...args: string[]]
  >
> = {
  start: (devboxId) => ['runloop.startWithOptions', devboxId],
  startMoreMemory: (devboxId) => ['runloop.startWithOptions', devboxId, 'memory'],
  startMoreDisk: (devboxId) => ['runloop.startWithOptions', devboxId, 'disk'],
  resume: (devboxId) => ['runloop.resumeDevbox', devboxId],
  lifetimeSetting: () => ['workbench.action.openSettings', 'runloop.lifetimeMinutes'],
  showOutput: (devboxId) => ['runloop.showOutput', devboxId],
  openLog: (devboxId) => ['runloop.openLog', devboxId],
  copyMarkdown: (devboxId) => ['runloop.copyWhyItStopped', devboxId],
  lookAgain: (devboxId) => ['runloop.whyDidItStop', devboxId],
};

/**
 * The read-only documents that say why a devbox stopped. Their text is made when an editor asks for it, by code that is
 * read then. Only their next steps are links, and these run a fixed command with the devbox's id.
 */
export class StopDocuments implements TextDocumentContentProvider, DocumentLinkProvider, Disposable {
  readonly #sources: StopSources;
  readonly #changed = new EventEmitter<Uri>();
  readonly #steps = new Map<string, readonly StepLine[]>();
  readonly #registrations: Disposable[];
  readonly onDidChange = this.#changed.event;

  constructor(sources: StopSources) {
    this.#sources = sources;
    this.#registrations = [
      workspace.registerTextDocumentContentProvider(scheme, this),
      languages.registerDocumentLinkProvider({ scheme }, this),
      workspace.onDidCloseTextDocument(({ uri }) => void this.#steps.delete(uri.toString())),
    ];
  }

  /** Where the document of a devbox is; its folder gives it its language, which wraps lines. @param title shown on its tab, one line */
  static uri(devboxId: string, title: string): Uri {
    return Uri.from({ scheme, path: `/runloop-why/${title.replaceAll('/', '∕')}`, query: devboxId });
  }

  /** The devbox that a document is about; undefined for other documents. */
  static devboxId(uri: unknown): string | undefined {
    return uri instanceof Uri && uri.scheme === scheme ? asString(uri.query) : undefined;
  }

  /** Makes the text anew, in an editor that shows it already. */
  refresh(uri: Uri): void {
    this.#changed.fire(uri);
  }

  async provideTextDocumentContent(uri: Uri, token: CancellationToken): Promise<string> {
    const { stopText } = await import('./stopText');
    const { text, steps } = await withSignal(token, (signal) => stopText(this.#sources, uri.query, signal));
    this.#steps.set(uri.toString(), steps);
    return text;
  }

  provideDocumentLinks({ uri }: TextDocument): DocumentLink[] {
    return (this.#steps.get(uri.toString()) ?? []).map(({ line, start, end, kind }) => {
      const [command, ...args] = stepCommands[kind](uri.query);
      const target = Uri.parse(`command:${command}?${encodeURIComponent(JSON.stringify(args))}`);
      return new DocumentLink(new Range(line, start, line, end), target);
    });
  }

  dispose(): void {
    for (const registration of this.#registrations) registration.dispose();
    this.#changed.dispose();
  }
}
