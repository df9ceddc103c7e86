import { valueText } from '../pythonText';

/** An edit that was not made. The client gets the text behind a line `ERROR:`. */
export class EditorError extends Error {
  override readonly name = 'EditorError';

  /** A parameter has a value that cannot be used. */
  static invalid(parameter: string, value: unknown, reason: string): EditorError {
    return new EditorError(`Invalid \`${parameter}\` parameter: ${valueText(value)}. ${reason}`);
  }

  /** A parameter that the command needs is missing. */
  static missing(parameter: string, command: string): EditorError {
    return new EditorError(`Parameter \`${parameter}\` is required for command: ${command}.`);
  }
}
