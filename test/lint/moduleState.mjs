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

/** @param {any} node @returns {any} what stands inside of types that are put on it */
function bare(node) {
  return /^TS(As|Satisfies|NonNull|TypeAssertion)/.test(node?.type ?? '') ? bare(node.expression) : node;
}

/** Whether it is made to be filled later. @param {any} node */
function isEmpty(node) {
  const value = bare(node);
  if (value?.type === 'NewExpression') return collections.has(value.callee.name) && value.arguments.length === 0;
  if (value?.type === 'ArrayExpression') return value.elements.length === 0;
  return value?.type === 'ObjectExpression' && value.properties.length === 0;
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
  const name = isPart && !node.computed ? node.property.name : undefined;
  switch (parent.type) {
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
        parent.arguments[0] === node && /^(Object|Reflect)\.(assign|define\w+|set\w*|delete\w+)$/.test(calleeOf(parent))
      );
    default:
      return false;
  }
}

/** @param {any} call */
function calleeOf({ callee }) {
  return callee.type === 'MemberExpression' ? `${callee.object.name}.${callee.property.name}` : '';
}

/** Whether a name of a module stands for something of ours that could change. @param {any} variable */
function isOurs({ defs }) {
  return defs.some(
    ({ type, parent }) => type === 'Variable' || (type === 'ImportBinding' && parent.source.value.startsWith('.')),
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
        for (const { references } of (scope?.variables ?? []).filter(isOurs)) {
          references
            .filter(({ from, identifier }) => from.variableScope !== scope && isChanged(identifier))
            .forEach(({ identifier }) => report(identifier));
        }
      },
      'PropertyDefinition[static=true]'(/** @type {any} */ node) {
        if (node.readonly !== true || isEmpty(node.value)) report(node);
      },
    };
  },
};
