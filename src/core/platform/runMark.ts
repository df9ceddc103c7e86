/** In the environment of whatever a person's command starts, so that it is found when the command is stopped. */
export const runVariable = 'RUNLOOP_DEVBOXES_RUN';

/** A command of a person, in whose environment a word is that nobody else has. Its lines keep their numbers. */
export function asRun(command: string, word: string): string {
  return `export ${runVariable}=${word}; ${command}`;
}

/** A command as the person has written it. */
export function withoutRunMark(command: string): string {
  return command.replace(/^export RUNLOOP_DEVBOXES_RUN=[0-9a-f-]{36}; /, '');
}
