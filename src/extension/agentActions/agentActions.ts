import { EventEmitter, window, workspace, type TextDocumentContentProvider, type Uri } from 'vscode';
import type { Disposable } from '../../core/events';
import type { Devbox } from '../../core/platform/devbox';
import type { RunloopRuntime } from '../../core/runtime/runloopRuntime';
import type { KnownSecrets } from '../session/knownSecrets';
import { agentScheme, EventDocument } from './eventDocument';

/** Milliseconds between two drawings of a document that grows. */
const drawMs = 100;
/** Devboxes whose event streams can be shown; the ones shown longest ago go first. */
const mostDocuments = 20;

/** The read-only documents of the event streams of this window's devboxes, one a devbox. */
export class AgentActions implements TextDocumentContentProvider, Disposable {
  readonly #knownSecrets: KnownSecrets;
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #documents = new Map<string, EventDocument>();
  readonly #drawing = new Map<string, NodeJS.Timeout>();
  readonly #registration: Disposable;

  constructor({ knownSecrets }: { readonly knownSecrets: KnownSecrets }) {
    this.#knownSecrets = knownSecrets;
    this.#registration = workspace.registerTextDocumentContentProvider(agentScheme, this);
  }

  provideTextDocumentContent(uri: Uri): string {
    return this.#documents.get(uri.query)?.text() ?? '';
  }

  /** Shows the event stream of a devbox, with what is in it already. */
  async show(runtime: RunloopRuntime, devbox: Devbox): Promise<void> {
    const known = await this.#knownSecrets.inOutputOf(runtime.api, devbox);
    const document: EventDocument =
      this.#documents.get(devbox.id) ??
      new EventDocument(devbox, known, this.#knownSecrets, () => this.#draw(document.uri));
    this.#documents.delete(devbox.id);
    this.#documents.set(devbox.id, document);
    const [oldest] = this.#documents.keys();
    if (this.#documents.size > mostDocuments && oldest !== undefined) {
      this.#documents.get(oldest)?.dispose();
      this.#documents.delete(oldest);
    }
    document.follow(runtime);
    await window.showTextDocument(await workspace.openTextDocument(document.uri), { preview: false });
  }

  /** Actions go on where they run; only the window forgets them. */
  dispose(): void {
    this.#registration.dispose();
    for (const timer of this.#drawing.values()) clearTimeout(timer);
    for (const document of this.#documents.values()) document.dispose();
    this.#changed.dispose();
  }

  #draw(uri: Uri): void {
    if (this.#drawing.has(uri.query)) return;
    const draw = (): void => {
      this.#drawing.delete(uri.query);
      this.#changed.fire(uri);
    };
    this.#drawing.set(uri.query, setTimeout(draw, drawMs));
  }
}
