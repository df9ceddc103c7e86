// A rule of ESLint's: a module keeps nothing that changes, as two windows, platforms or tests in one process would share it.
// Tables that are filled where they stand, and only read, may be there.

const collections = new Set(['Map', 'Set', 'WeakMap', 'WeakSet']);
const changing = new Set([
  'set',
  'add',
  'delete',
  'clear',
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'sort',
  'reverse',
  'fill',
  'copyWithin',
]);

/** Things that a module may make: they never change, or are pools and scopes of the whole program by their nature. */
const made = new Set([
  ...['RegExp', 'Map', 'Set', 'Intl.Collator', 'BlockList'],
  ...['http.Agent', 'https.Agent', 'PlainTunnelAgent', 'SecureTunnelAgent', 'AsyncLocalStorage'],
]);

/** @param {any} node @returns {any} what stands inside of types that are put on it */
function bare(node) {
  return /^TS(As|Satisfies|NonNull|TypeAssertion)/.test(node?.type ?? '') ? bare(node.expression) : node;
}

/** Whether it is made to be filled later. @param {any} node */
function isEmpty(node) {
  const value = bare(node);
  const holds = { ArrayExpression: 'elements', ObjectExpression: 'properties' }[value?.type];
  return holdsState(value) || (holds !== undefined && value[holds].length === 0);
}

/** Whether it is, or has in it, what keeps something: a thing that changes, or what a function has around it. @param {any} node */
function holdsState(node) {
  const value = bare(node);
  switch (value?.type) {
    case 'NewExpression':
      if (collections.has(value.callee.name) && value.arguments.length === 0) return true;
      return !made.has(nameOf(value.callee));
    case 'CallExpression':
      return (
        /Function/.test(value.callee.type) ||
        (nameOf(value.callee) === 'Object.freeze' && holdsState(value.arguments[0]))
      );
    case 'ConditionalExpression':
      return holdsState(value.consequent) || holdsState(value.alternate);
    case 'LogicalExpression':
      return holdsState(value.left) || holdsState(value.right);
    case 'ObjectExpression':
      return value.properties.some((/** @type {any} */ property) => holdsState(property.value));
    case 'ArrayExpression':
      return value.elements.some(holdsState);
    default:
      return false;
  }
}

/** Whether the thing, or what belongs to it, is changed where it is named. @param {any} identifier */
function isChanged(identifier) {
  let node = identifier;
  while (
    bare(node.parent) !== node.parent ||
    (node.parent.type === 'MemberExpression' && node.parent.object === node)
  ) {
    node = node.parent;
  }
  const { parent } = node;
  const isPart = node.type === 'MemberExpression';
  const name = isPart ? (node.computed ? node.property.value : node.property.name) : undefined;
  switch (parent.type) {
    case 'ArrayPattern':
      return isPart;
    case 'Property':
      return isPart && parent.parent.type === 'ObjectPattern' && parent.value === node;
    case 'AssignmentPattern':
    case 'ForOfStatement':
    case 'ForInStatement':
      return isPart && parent.left === node;
    case 'RestElement':
      return isPart;
    case 'AssignmentExpression':
      // Where a pattern's next search begins: set before each one, so nothing is kept.
      return isPart && parent.left === node && name !== 'lastIndex';
    case 'UpdateExpression':
      return true;
    case 'UnaryExpression':
      return parent.operator === 'delete';
    case 'CallExpression':
      if (parent.callee === node) return isPart && changing.has(name);
      return (
        parent.arguments[0] === node &&
        /^(Object|Reflect)\.(assign|define\w+|set\w*|delete\w+)$/.test(nameOf(parent.callee))
      );
    default:
      return false;
  }
}

/** `name` or `owner.name`. @param {any} node */
function nameOf(node) {
  return node.type === 'MemberExpression' ? `${node.object.name}.${node.property.name}` : (node.name ?? '');
}

/** Whether a name of a module stands for something of ours that could change. @param {any} variable */
function isOurs({ defs }) {
  return defs.some(
    ({ type, parent }) =>
      ['Variable', 'FunctionName', 'ClassName'].includes(type) ||
      (type === 'ImportBinding' && parent.source?.value.startsWith('.')),
  );
}

/** @type {import('eslint').Rule.RuleModule} */
export const moduleState = {
  meta: { type: 'problem', schema: [], messages: { state: 'State lives in what owns it, not in a module.' } },
  create(context) {
    const report = (/** @type {any} */ node) => context.report({ node, messageId: 'state' });
    return {
      Program(program) {
        for (const statement of program.body) {
          const declaration = 'declaration' in statement && statement.declaration ? statement.declaration : statement;
          if (declaration.type !== 'VariableDeclaration') continue;
          if (declaration.kind !== 'const') report(declaration);
          else declaration.declarations.filter(({ init }) => isEmpty(init)).forEach(report);
        }
        const scope = context.sourceCode.scopeManager.globalScope?.childScopes.find(({ type }) => type === 'module');
        // A class names itself by a name of its own.
        const classes = (scope?.childScopes ?? []).filter(({ type }) => type === 'class');
        const names = [scope, ...classes].flatMap((one) => one?.variables ?? []);
        for (const { references } of names.filter(isOurs)) {
          references
            .filter(({ from, identifier }) => from.variableScope !== scope && isChanged(identifier))
            .forEach(({ identifier }) => report(identifier));
        }
      },
      'AccessorProperty[static=true]': report,
      'PropertyDefinition[static=true]'(/** @type {any} */ node) {
        if (node.readonly !== true || isEmpty(node.value)) report(node);
      },
    };
  },
};
