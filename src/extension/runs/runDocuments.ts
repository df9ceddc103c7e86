import {
  commands,
  EventEmitter,
  window,
  workspace,
  type Memento,
  type TextDocumentContentProvider,
  type Uri,
} from 'vscode';
import type { Disposable } from '../../core/events';
import type { Devbox } from '../../core/platform/devbox';
import { redact } from '../../core/redact';
import type { SignedIn } from '../account/account';
import { contextKeys } from '../commandIds';
import type { Log } from '../messages/log';
import type { KnownSecrets } from '../session/knownSecrets';
import { setContext } from '../setContext';
import { CommandRun, runScheme } from './commandRuns';
import { FollowedEnds } from './followedEnds';
import { earlierText, RememberedRuns, type EarlierRun } from './rememberedRuns';

/** Milliseconds between two drawings of a document that grows. */
const drawMs = 150;
/** Runs whose documents can be shown; the oldest that are over go first. */
const mostRuns = 50;

export interface RunServices {
  readonly knownSecrets: KnownSecrets;
  readonly devboxUse: { used(devboxId: string): void };
  /** Of this window. */
  readonly memory: Memento;
  readonly log: Log;
}

/** The read-only documents of the commands that were run from this window. */
export class RunDocuments implements TextDocumentContentProvider, Disposable {
  readonly #services: RunServices;
  readonly #changed = new EventEmitter<Uri>();
  readonly onDidChange = this.#changed.event;
  readonly #runs = new Map<string, CommandRun>();
  readonly #drawing = new Map<string, NodeJS.Timeout>();
  /** Those of before a reload. */
  readonly #earlier = new Map<string, EarlierRun>();
  readonly #remembered: RememberedRuns;
  readonly #owned: readonly Disposable[];
  #count = 0;

  constructor(services: RunServices) {
    this.#services = services;
    this.#remembered = new RememberedRuns(services.memory);
    for (const run of this.#remembered.all()) {
      this.#earlier.set(run.uri.toString(), run);
      // The next one has another address.
      this.#count = Math.max(this.#count, Number(run.uri.query) || 0);
    }
    this.#owned = [
      workspace.registerTextDocumentContentProvider(runScheme, this),
      workspace.onDidCloseTextDocument(({ uri }) => {
        if (uri.scheme === runScheme) this.#remember(this.#remembered.forget(uri));
      }),
      new FollowedEnds(runScheme),
    ];
  }

  provideTextDocumentContent(uri: Uri): string {
    const earlier = this.#earlier.get(uri.toString());
    return this.#runs.get(uri.toString())?.text() ?? (earlier === undefined ? '' : earlierText(earlier));
  }

  /** The run of a document. */
  get(uri: Uri | undefined): CommandRun | EarlierRun | undefined {
    return uri === undefined ? undefined : (this.#runs.get(uri.toString()) ?? this.#earlier.get(uri.toString()));
  }

  /** Brings back the tabs that the window had before its reload, behind what it shows; of the runs of this account only. */
  async restore(baseUrl: string | undefined): Promise<void> {
    for (const run of this.#earlier.values()) {
      const options = { preview: false, preserveFocus: true, background: true };
      if (run.baseUrl === baseUrl) await commands.executeCommand('vscode.open', run.uri, options);
    }
  }

  /**
   * Runs a command and shows its document, which grows.
   *
   * @param title what it is for, shown instead of a command that nobody has typed
   * @returns once it is shown, what comes when the command has ended, and whether the command holds something that is
   *   known to be secret about its devboxes; and the run itself
   */
  async start(
    account: SignedIn,
    command: string,
    devboxes: readonly Devbox[],
    title?: string,
  ): Promise<{ readonly ended: Promise<number | undefined>; readonly hasSecret: boolean; readonly run: CommandRun }> {
    const { knownSecrets } = this.#services;
    const known = await Promise.all(devboxes.map(async (devbox) => knownSecrets.inOutputOf(account.api, devbox)));
    const secrets = known.flat();
    this.#count += 1;
    const of = { account, devboxes, secrets, title };
    const run: CommandRun = new CommandRun(this.#count, command, of, () => this.#draw(run));
    this.#runs.set(run.uri.toString(), run);
    this.#forgetOld();
    const ended = run.run(this.#services).then(() => run.status);
    this.#remember(this.#remembered.note(run));
    ended
      .finally(() => {
        this.#tellRunning();
        const isOpen = this.#remembered.all().some(({ uri }) => uri.toString() === run.uri.toString());
        if (isOpen) this.#remember(this.#remembered.note(run));
      })
      .catch((error: unknown) => this.#services.log.failure('Running a command', error));
    this.#tellRunning();
    await window.showTextDocument(await workspace.openTextDocument(run.uri), { preview: false });
    return { ended, hasSecret: redact(command, secrets) !== redact(command), run };
  }

  /** Commands go on where they run; only the window forgets them. */
  dispose(): void {
    for (const owned of this.#owned) owned.dispose();
    for (const timer of this.#drawing.values()) clearTimeout(timer);
    this.#changed.dispose();
  }

  #draw(run: CommandRun): void {
    const key = run.uri.toString();
    if (this.#drawing.has(key)) return;
    const draw = (): void => {
      this.#drawing.delete(key);
      this.#changed.fire(run.uri);
    };
    this.#drawing.set(key, setTimeout(draw, drawMs));
  }

  #remember(done: Thenable<void>): void {
    done.then(undefined, (error: unknown) => this.#services.log.failure('Remembering the commands', error));
  }

  #tellRunning(): void {
    const running = [...this.#runs.values()].filter(({ isOver }) => !isOver).map(({ uri }) => uri.toString());
    setContext(contextKeys.runningCommands, running).then(undefined, (error: unknown) =>
      this.#services.log.failure('Telling which commands run', error),
    );
  }

  #forgetOld(): void {
    for (const [key, { isOver }] of this.#runs) {
      if (this.#runs.size <= mostRuns) return;
      if (isOver) this.#runs.delete(key);
    }
  }
}
