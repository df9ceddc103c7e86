import { DevboxError } from '../../errors';

/** Makes the error that says why an instruction cannot be honoured, with its line. */
export type Refuse = (why: string) => DevboxError;

/** The refusals of one line. */
export function refusalAt(line: number): Refuse {
  return (why) => new DevboxError('invalid', `Line ${line} of the Dockerfile: ${why}`);
}
