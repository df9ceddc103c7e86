import { window, type LogOutputChannel, type OutputChannel } from 'vscode';

/** Makes an output channel of lines with times and levels. */
export function logChannel(name: string): LogOutputChannel {
  return window.createOutputChannel(name, { log: true });
}

/** Makes an output channel of plain text. */
export function textChannel(name: string): OutputChannel {
  return window.createOutputChannel(name);
}
