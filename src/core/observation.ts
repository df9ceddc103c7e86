import { RuntimeError } from './errors';
import { asNumber, asObject, asString, type JsonObject } from './parse';

/** What the action server answers to an action. Unknown types and fields are kept (D27). */
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
  readonly workingDirectory: string | undefined;
  /** Bracketed notes of the server, to be shown before and after the content. */
  readonly prefix: string;
  readonly suffix: string;
}

/** @throws RuntimeError `unexpected_answer` if it is no observation. */
export function parseObservation(value: unknown): Observation | RunObservation {
  const object = asObject(value);
  const type = asString(object?.['observation']);
  if (object === undefined || type === undefined) {
    throw new RuntimeError({
      code: 'unexpected_answer',
      message: 'The action server answered an action with something that is not an observation.',
      nextStep: 'Show the output of the devbox: another program may be listening on its port.',
    });
  }
  const extras = asObject(object['extras']) ?? {};
  const common = {
    content: asString(object['content']) ?? '',
    message: asString(object['message']) ?? '',
    extras,
  };
  if (type !== 'run') return { type, ...common };
  const metadata = asObject(extras['metadata']) ?? {};
  return {
    type: 'run',
    ...common,
    // Old servers put the exit code directly into extras.
    exitCode: asNumber(metadata['exit_code']) ?? asNumber(extras['exit_code']) ?? -1,
    workingDirectory: asString(metadata['working_dir']),
    prefix: asString(metadata['prefix']) ?? '',
    suffix: asString(metadata['suffix']) ?? '',
  };
}

export function isRunObservation(observation: Observation): observation is RunObservation {
  return observation.type === 'run';
}
