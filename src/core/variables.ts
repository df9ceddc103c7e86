import { RuntimeError } from './errors';
import { oneLine } from './safeText';
import { callProblem } from './problems/calls';
import { phrase } from './problems/phrases';

/**
 * What keeps a variable from being set exactly, or undefined if nothing does. The value is never part of the error.
 */
export function nameFault(name: string, value: string): RuntimeError | undefined {
  const why = !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? phrase('a name can contain only letters, digits and _')
    : value.includes('\0')
      ? phrase('a value cannot contain a NUL character')
      : /\p{Surrogate}/u.test(value)
        ? phrase('the value is not valid Unicode')
        : undefined;
  if (why === undefined) return undefined;
  return new RuntimeError({ problem: callProblem('variable_not_settable', { name: oneLine(name, 60), why }) });
}
