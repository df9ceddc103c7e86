import { RuntimeError } from '../errors';
import { asArray, asBoolean, asNumber, asObject, asString, type JsonObject } from '../parse';
import { devboxProblem } from '../problems/devbox';

/** What an action led to. Unknown types and fields are kept in `type` and `extras` (D27). */
export interface Observation {
  /** `run`, `read`, `write`, `edit`, `error`, … or a word from a newer server. */
  readonly type: string;
  readonly content: string;
  readonly message: string;
  readonly extras: JsonObject;
}

export interface RunObservation extends Observation {
  readonly type: 'run';
  /** −1: no exit code, because the command still runs or was not executed. */
  readonly exitCode: number;
  /** Process id of the shell's last background job; −1 if there is none. */
  readonly pid: number;
  readonly command: string;
  readonly workingDirectory: string | undefined;
  readonly pythonPath: string | undefined;
  readonly hidden: boolean;
  /** Bracketed notes of the server, to be shown before and after the content. */
  readonly prefix: string;
  readonly suffix: string;
}

export interface IpythonObservation extends Observation {
  readonly type: 'run_ipython';
  readonly code: string;
  /** `data:` URLs of pictures. */
  readonly imageUrls: readonly string[];
}

interface FileObservation extends Observation {
  readonly type: 'read' | 'write';
  readonly path: string;
}

interface EditObservation extends Observation {
  readonly type: 'edit';
  readonly path: string;
  readonly diff: string;
  /** The editor reports its failures in the text of an ordinary answer. */
  readonly failed: boolean;
}

interface BrowseObservation extends Observation {
  readonly type: 'browse';
  readonly url: string;
  readonly failed: boolean;
  readonly screenshot: string | undefined;
}

interface DownloadObservation extends Observation {
  readonly type: 'download';
  readonly filePath: string;
}

interface McpObservation extends Observation {
  readonly type: 'mcp';
  readonly name: string;
  readonly toolArguments: JsonObject;
}

interface ErrorObservation extends Observation {
  readonly type: 'error';
  readonly errorId: string;
}

/** The observations whose fields are typed, by their type. */
export interface KnownObservations {
  readonly run: RunObservation;
  readonly run_ipython: IpythonObservation;
  readonly read: FileObservation;
  readonly write: FileObservation;
  readonly edit: EditObservation;
  readonly browse: BrowseObservation;
  readonly download: DownloadObservation;
  readonly mcp: McpObservation;
  readonly error: ErrorObservation;
}

const typedFields: { readonly [Type in keyof KnownObservations]: (extras: JsonObject, content: string) => object } = {
  run: (extras) => {
    const metadata = asObject(extras['metadata']) ?? {};
    return {
      // Old servers put the exit code and the process id directly into extras.
      exitCode: asNumber(metadata['exit_code']) ?? asNumber(extras['exit_code']) ?? -1,
      pid: asNumber(metadata['pid']) ?? asNumber(extras['command_id']) ?? -1,
      command: asString(extras['command']) ?? '',
      workingDirectory: asString(metadata['working_dir']),
      pythonPath: asString(metadata['py_interpreter_path']),
      hidden: asBoolean(extras['hidden']) ?? false,
      prefix: asString(metadata['prefix']) ?? '',
      suffix: asString(metadata['suffix']) ?? '',
    };
  },
  run_ipython: (extras) => ({
    code: asString(extras['code']) ?? '',
    imageUrls: asArray(extras['image_urls']).flatMap((url) => asString(url) ?? []),
  }),
  read: (extras) => ({ path: asString(extras['path']) ?? '' }),
  write: (extras) => ({ path: asString(extras['path']) ?? '' }),
  edit: (extras, content) => ({
    path: asString(extras['path']) ?? '',
    diff: asString(extras['diff']) ?? '',
    failed: content.startsWith('ERROR:\n'),
  }),
  browse: (extras) => ({
    url: asString(extras['url']) ?? '',
    failed: asBoolean(extras['error']) ?? false,
    screenshot: asString(extras['screenshot']),
  }),
  download: (extras) => ({ filePath: asString(extras['file_path']) ?? '' }),
  mcp: (extras) => ({ name: asString(extras['name']) ?? '', toolArguments: asObject(extras['arguments']) ?? {} }),
  error: (extras) => ({ errorId: asString(extras['error_id']) ?? '' }),
};

/** An observation with the typed fields of its type, if that is known. */
export function makeObservation(
  type: string,
  content: string,
  extras: JsonObject = {},
  message = content,
): Observation {
  const fields = Object.hasOwn(typedFields, type) ? typedFields[type as keyof KnownObservations](extras, content) : {};
  return { ...fields, type, content, message, extras };
}

/** @throws RuntimeError `unexpected_answer` if it is no observation. */
export function parseObservation(value: unknown, devboxId?: string): Observation {
  const object = asObject(value);
  const type = asString(object?.['observation']);
  if (object === undefined || type === undefined) {
    throw new RuntimeError({ problem: devboxProblem('no_observation'), devboxId });
  }
  return makeObservation(
    type,
    asString(object['content']) ?? '',
    asObject(object['extras']) ?? {},
    asString(object['message']) ?? '',
  );
}

/** Whether an observation is of a known type, with that type's fields. */
export function observationIs<Type extends keyof KnownObservations>(
  observation: Observation,
  type: Type,
): observation is KnownObservations[Type] {
  return observation.type === type;
}

export function isRunObservation(observation: Observation): observation is RunObservation {
  return observationIs(observation, 'run');
}
