import { RuntimeError } from './errors';
import { oneLine } from './plainText';

/**
 * What keeps a variable from being set exactly, or undefined if nothing does. The value is never part of the error.
 */
export function nameFault(name: string, value: string): RuntimeError | undefined {
  const problem = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? 'a name has letters, digits and _ only'
    : value.includes('\0')
      ? 'a value cannot contain a NUL character'
      : /\p{Surrogate}/u.test(value)
        ? 'the value is not valid Unicode'
        : undefined;
  if (problem === undefined) return undefined;
  return new RuntimeError({
    code: 'invalid_option',
    message: `The environment variable "${oneLine(name, 60)}" cannot be set: ${problem}.`,
    nextStep: 'Correct it or leave it out.',
  });
}
