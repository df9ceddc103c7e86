/** The answer to an action, as it goes over the wire. */
export interface Observation {
  readonly message: string;
  readonly observation: string;
  readonly content: string;
  readonly extras: Readonly<Record<string, unknown>>;
  readonly success?: boolean;
}

/** What is known about the shell after a command. The defaults stand for "did not finish". */
export interface CommandMetadata {
  readonly exit_code: number;
  readonly pid: number;
  readonly username: string | null;
  readonly hostname: string | null;
  readonly working_dir: string | null;
  readonly py_interpreter_path: string | null;
  readonly prefix: string;
  readonly suffix: string;
}

/** Metadata of a command that has no exit code. */
export const unfinishedMetadata: CommandMetadata = {
  exit_code: -1,
  pid: -1,
  username: null,
  hostname: null,
  working_dir: null,
  py_interpreter_path: null,
  prefix: '',
  suffix: '',
};

export function errorObservation(text: string): Observation {
  return { message: text, observation: 'error', content: text, extras: { error_id: '' } };
}

export function runObservation(
  command: string,
  content: string,
  metadata: CommandMetadata,
  hidden: boolean,
): Observation {
  return {
    message: `Command \`${command}\` executed with exit code ${metadata.exit_code}.`,
    observation: 'run',
    content,
    extras: { command, metadata, hidden },
    success: metadata.exit_code === 0,
  };
}

/** @param images PNG pictures in base64 */
export function ipythonObservation(code: string, content: string, images: readonly string[]): Observation {
  const urls = images.map((image) => `data:image/png;base64,${image}`);
  return {
    message: 'Code executed in IPython cell.',
    observation: 'run_ipython',
    content,
    extras: { code, image_urls: urls.length === 0 ? null : urls },
    // Whatever the code did: clients read its traceback.
    success: true,
  };
}

/** @param source which reader made the content: the plain one or the editor's view */
export function readObservation(path: string, content: string, source: 'default' | 'oh_aci'): Observation {
  return {
    message: `I read the file ${path}.`,
    observation: 'read',
    content,
    extras: { path, impl_source: source },
  };
}

export function writeObservation(path: string): Observation {
  return { message: `I wrote to the file ${path}.`, observation: 'write', content: '', extras: { path } };
}

/**
 * @param oldText the action's `old_str`, which clients expect under the name `old_content`
 * @param newText the action's `new_str`, likewise
 */
export function editObservation(
  path: string,
  content: string,
  diff: string,
  oldText: string | null,
  newText: string | null,
): Observation {
  return {
    message: `I edited the file ${path}.`,
    observation: 'edit',
    content,
    extras: {
      path,
      prev_exist: false,
      old_content: oldText,
      new_content: newText,
      impl_source: 'oh_aci',
      diff,
      _diff_cache: null,
    },
  };
}
