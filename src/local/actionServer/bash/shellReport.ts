/** What the shell says about itself when a command has ended. */
export interface ShellReport {
  readonly exitCode: number;
  /** Process id of the last background job, -1 if there was none. */
  readonly pid: number;
  readonly shellPid: number;
  readonly username: string;
  readonly hostname: string;
  readonly workingDir: string;
  readonly pythonPath: string;
}

/** A message from the shell: a command begins, or the prompt is back. */
export type ShellMarker =
  | { readonly kind: 'begin'; readonly sequence: number }
  | { readonly kind: 'prompt'; readonly sequence: number; readonly report: ShellReport }
  /** The prompt of any shell, which may be no bash. */
  | { readonly kind: 'plain'; readonly exitCode: number; readonly shellPid: number; readonly workingDir: string };

/**
 * Parses the body of a marker.
 *
 * @param text what follows the marker's prefix
 * @returns undefined when it is not a marker after all
 */
export function parseMarker(text: string): ShellMarker | undefined {
  const [, status, pid, workingDir] = /^P;(\d+);(\d+);(.*)$/s.exec(text) ?? [];
  if (workingDir !== undefined) {
    return { kind: 'plain', exitCode: Number(status), shellPid: Number(pid), workingDir };
  }
  const match = /^([SE]);(\d+)(?:;(.*))?$/s.exec(text);
  if (match === null) return undefined;
  const [, kind, number, json] = match;
  const sequence = Number(number);
  if (kind === 'S') return { kind: 'begin', sequence };
  const report = parseReport(json ?? '');
  return report === undefined ? undefined : { kind: 'prompt', sequence, report };
}

function parseReport(json: string): ShellReport | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = new Map<string, unknown>(Object.entries(value));
  const text = (name: string): string => {
    const field = fields.get(name);
    return typeof field === 'string' ? field : '';
  };
  const number = (name: string): number => {
    const field = fields.get(name);
    return typeof field === 'number' ? field : -1;
  };
  return {
    exitCode: number('exit_code'),
    pid: number('pid'),
    shellPid: number('shell_pid'),
    username: text('username'),
    hostname: text('hostname'),
    workingDir: text('working_dir'),
    pythonPath: text('py_interpreter_path'),
  };
}
