import ts from 'typescript';

/** One small change of a program that its tests ought to notice. */
export interface Mutation {
  readonly line: number;
  readonly from: string;
  readonly to: string;
  /** The whole file with the change. */
  readonly text: string;
}

const swapped = new Map<ts.SyntaxKind, string>([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, '!=='],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, '==='],
  [ts.SyntaxKind.LessThanToken, '<='],
  [ts.SyntaxKind.LessThanEqualsToken, '<'],
  [ts.SyntaxKind.GreaterThanToken, '>='],
  [ts.SyntaxKind.GreaterThanEqualsToken, '>'],
  [ts.SyntaxKind.AmpersandAmpersandToken, '||'],
  [ts.SyntaxKind.BarBarToken, '&&'],
  [ts.SyntaxKind.PlusToken, '-'],
  [ts.SyntaxKind.MinusToken, '+'],
  [ts.SyntaxKind.AsteriskToken, '/'],
]);

/** What stands instead of a node, or undefined where nothing is changed. */
function replacement(node: ts.Node): string | undefined {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return 'false';
  if (node.kind === ts.SyntaxKind.FalseKeyword) return 'true';
  if (ts.isNumericLiteral(node)) return `(${node.text} + 1)`;
  // A step left out: a call whose value nobody takes.
  if (ts.isExpressionStatement(node)) {
    const called = ts.isAwaitExpression(node.expression) ? node.expression.expression : node.expression;
    return ts.isCallExpression(called) ? ';' : undefined;
  }
  if (ts.isThrowStatement(node)) return ';';
  if (ts.isIfStatement(node)) return undefined;
  if (ts.isPrefixUnaryExpression(node) && node.operator === ts.SyntaxKind.ExclamationToken) {
    return node.operand.getText();
  }
  return undefined;
}

/** Every mutation of a TypeScript file, in the order of its lines. Types, imports and comments are left alone. */
export function mutationsOf(text: string): Mutation[] {
  const source = ts.createSourceFile('file.ts', text, ts.ScriptTarget.ES2022, true);
  const found: Mutation[] = [];
  const add = (node: ts.Node, to: string): void => {
    const start = node.getStart();
    found.push({
      line: source.getLineAndCharacterOfPosition(start).line + 1,
      from: node.getText(),
      to,
      text: text.slice(0, start) + to + text.slice(node.getEnd()),
    });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isTypeNode(node) || ts.isImportDeclaration(node) || ts.isInterfaceDeclaration(node)) return;
    if (ts.isBinaryExpression(node)) {
      const to = swapped.get(node.operatorToken.kind);
      if (to !== undefined) add(node.operatorToken, to);
    }
    const to = replacement(node);
    if (to !== undefined) add(node, to);
    node.forEachChild(visit);
  };
  visit(source);
  return found;
}
