/** A name that shells take for a variable. */
const name = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether shells take this name for a variable's. */
export function isVariableName(text: string): boolean {
  return name.test(text);
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
