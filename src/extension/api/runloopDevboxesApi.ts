import type { Event } from 'vscode';

/*
 * What other extensions get from `extensions.getExtension('runloop-devboxes.runloop-devboxes').activate()`. Version 1
 * only grows; what would break callers comes as a version 2 beside it.
 */

/** A devbox as other extensions see it. Names come from outside: show them as plain text. */
export interface ApiDevbox {
  readonly id: string;
  readonly name: string | undefined;
  /** Runloop's own word; new ones may appear. */
  readonly status: string;
  /** Unix milliseconds. */
  readonly createTimeMs: number | undefined;
  /** Whether this window is attached to it. */
  readonly attached: boolean;
}

/** What came of an action. */
export interface ApiObservation {
  readonly exitCode: number;
  readonly content: string;
}

export interface RunloopDevboxesApi {
  readonly version: 1;
  /** Devboxes that run or are on their way, of the account of this window. Rejects when nobody is signed in. */
  list(): Promise<readonly ApiDevbox[]>;
  /** Starts a devbox with the settings' defaults, after a question to the user, and attaches this window to it. */
  start(options: { readonly name: string; readonly signal?: AbortSignal }): Promise<ApiDevbox>;
  /** Attaches this window to a devbox. One that is suspended is resumed only after a question to the user. */
  attach(devboxId: string): Promise<ApiDevbox>;
  /**
   * Runs a shell command in a devbox that this window is attached to. As the editor does not tell who calls, the user is
   * asked each time; {@link forExtension} asks once for a devbox.
   */
  run(devboxId: string, command: string, options?: { readonly signal?: AbortSignal }): Promise<ApiObservation>;
  /**
   * What the user lets this extension do is remembered for the object that is returned, for each devbox, until the window
   * closes or the account changes. Keep the object to yourself: whoever has it acts in your extension's name.
   *
   * @param extensionId your own id, as `context.extension.id` gives it; the user sees it in the question
   */
  forExtension(extensionId: string): Pick<RunloopDevboxesApi, 'run'>;
  /** The list of devboxes, or what is known of one, changed. */
  readonly onDidChangeDevboxes: Event<void>;
  /** This window attached to a devbox, or detached from one. */
  readonly onDidChangeSessions: Event<void>;
}
