// What eslint.config.mjs forbids by its form: ways around fences, and what one file alone may do.

/** Node 20 collects what such a signal hangs on, so that it never fires: src/ground/deadline.ts. */
export const weakSignals = [
  ...['timeout', 'any'].map((name) => ({
    selector: `MemberExpression[object.name='AbortSignal'][property.name='${name}']`,
    message: `AbortSignal.${name} may never fire: use deadline, startDeadline or linkSignals of src/ground/deadline.`,
  })),
  {
    selector:
      "CallExpression[callee.property.name='addEventListener'] > ObjectExpression > Property[key.name='signal']",
    message: 'Such a listener may stay for ever: use whenEnded of src/ground/deadline.',
  },
];

/** A test that is skipped unseen proves nothing, and nobody knows. */
export const bareSkip = {
  selector: "MemberExpression[property.name='skip'], CallExpression[callee.name=/^x(it|describe|context|specify)$/]",
  message: 'Skip by skip(this, reason) of test/run/skip.ts, so that the end of the run tells why.',
};

/** What the fences cannot read, they cannot stop. */
const unreadable = [
  { selector: "ImportExpression[source.type!='Literal']", message: 'Import by a plain name: fences read no other.' },
  { selector: "Identifier[name='createRequire']", message: 'Import by import: fences read nothing else.' },
];

/** Every first object of a kind of Intl reads a language's data: 6 ms at activation, for a list that nobody may look at. */
const earlyIntl = {
  selector:
    "Program > :matches(VariableDeclaration, ExportNamedDeclaration > VariableDeclaration) > VariableDeclarator > NewExpression[callee.object.name='Intl']",
  message: 'Make it where it is used: it costs milliseconds when the file is read.',
};

/** `import()` of what no-restricted-imports stops in other imports, but not here. */
export const importsVscode = {
  selector: "ImportExpression[source.value='vscode']",
  message: 'Only src/extension and src/extension.ts talk to the editor.',
};
export const importsSdk = {
  selector: 'ImportExpression[source.value=/^@runloop.api-client(.|$)/]',
  message: 'Only core/platform knows the Runloop SDK.',
};

/** A name as code says it, or within brackets. */
const named = (name) => `:matches(Identifier[name=${name}], Literal[value=${name}])`;

/** What the extension does in one file each, and every other file through that file. */
export const oneFileEach = [
  { file: 'src/extension/commands/register.ts', selector: named('/^register(TextEditor)?Command$/') },
  {
    file: 'src/extension/setContext.ts',
    selector: "Literal[value='setContext'], TemplateElement[value.raw='setContext']",
  },
  { file: 'src/extension/messages/outputChannels.ts', selector: named("'createOutputChannel'") },
];

/** Comments that would silence ESLint, oxlint or Prettier. */
export const silencing = ['eslint-disable', 'oxlint-disable', 'prettier-ignore'];

export function onlyIn(others) {
  const restricted = others.map(({ file, selector }) => ({ selector, message: `Only ${file} calls this.` }));
  return restrictedSyntax(importsSdk, ...restricted);
}

/** Of the product: what all of it is held to, and more. */
export function restrictedSyntax(...more) {
  return { 'no-restricted-syntax': ['error', ...weakSignals, ...unreadable, earlyIntl, ...more] };
}
