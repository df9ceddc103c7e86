/** A name that shells take for a variable. */
const name = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * Reads `NAME=value; NAME=value`, or one in each line. A `;` may be part of a value: it ends one only before a blank or
 * a name in capitals, and nowhere in a value in quotes.
 *
 * @returns the variables, or the first part that is none
 */
export function parseVariables(
  text: string,
): { readonly variables: Readonly<Record<string, string>> } | { readonly wrong: string } {
  const variables: Record<string, string> = {};
  let rest = text.trim();
  while (rest !== '') {
    const begun = /^([A-Za-z_][A-Za-z0-9_]*)=/.exec(rest);
    if (begun?.[1] === undefined) return { wrong: rest.split(/\s*[\n;]\s*/, 1)[0] ?? rest };
    const behind = rest.slice(begun[0].length);
    const quoted = /^(?:"((?:\\["\\]|[^"])*)"|'([^']*)')\s*(?:[;\n]\s*|$)/.exec(behind);
    const value = quoted?.[1]?.replace(/\\(["\\])/g, '$1') ?? quoted?.[2] ?? bareValue(behind);
    variables[begun[1]] = value;
    rest = behind.slice(quoted?.[0].length ?? value.length).replace(/^\s*(?:[;\n]\s*)*/, '');
  }
  return { variables };
}

function bareValue(text: string): string {
  const end = /\s*(?:\n|;(?=\s|$|[A-Z_][A-Z0-9_]*=))/.exec(text);
  return end === null ? text : text.slice(0, end.index);
}

/** Variables as {@link parseVariables} reads them. */
export function variablesText(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([each, value]) => `${each}=${isBare(value) ? value : `"${value.replace(/["\\]/g, '\\$&')}"`}`)
    .join('; ');
}

function isBare(value: string): boolean {
  return !/^["']|^\s|\s$|[\n;]/.test(value);
}

/** For secrets of whose names nothing can be part of a variable's. */
const nameless = 'SECRET';

/**
 * The variable that carries a secret of the account: of the secret's own name, or where that is none, of one that is
 * made from it.
 */
function variableForSecret(secret: string): string {
  if (name.test(secret)) return secret;
  const made = secret.replace(/[^A-Za-z0-9]+/g, '_').toUpperCase();
  return /[A-Z0-9]/.test(made) ? made.replace(/^(?=\d)/, '_') : nameless;
}

/** The variables for several secrets, each its own. */
export function variablesForSecrets(secrets: Iterable<string>): Record<string, string> {
  const chosen: Record<string, string> = {};
  const all = [...secrets];
  // Those whose names are variables keep them.
  for (const secret of [...all.filter((one) => name.test(one)), ...all.filter((one) => !name.test(one))]) {
    const variable = variableForSecret(secret);
    let free = variable;
    for (let count = 2; Object.hasOwn(chosen, free); count += 1) free = `${variable}_${count}`;
    chosen[free] = secret;
  }
  return chosen;
}
