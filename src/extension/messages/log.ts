import type { LogOutputChannel } from 'vscode';
import { messageOf, RuntimeError } from '../../core/errors';
import { redactShapes } from '../../core/redactShapes';
import { logChannel } from './outputChannels';

/** The extension's own log: made on the first line, redacted in every line. */
export class Log {
  #channel: LogOutputChannel | undefined;

  info(text: string): void {
    this.#open().info(redactShapes(text));
  }

  /** Logs a failure that the user is told of elsewhere, or need not be told of. */
  failure(doing: string, error: unknown): void {
    const code = RuntimeError.is(error) ? ` [${error.code}]` : '';
    const cause = error instanceof Error && error.cause !== undefined ? ` (cause: ${messageOf(error.cause)})` : '';
    this.#open().error(redactShapes(`${doing} failed${code}: ${messageOf(error)}${cause}`));
    const tail = RuntimeError.is(error) ? error.logTail : [];
    for (const line of tail) this.#open().error(redactShapes(`    ${line}`));
  }

  show(): void {
    this.#open().show(true);
  }

  dispose(): void {
    this.#channel?.dispose();
  }

  #open(): LogOutputChannel {
    this.#channel ??= logChannel('Runloop');
    return this.#channel;
  }
}
