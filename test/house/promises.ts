import {
  type CallExpression,
  type Expression,
  isAwaitExpression,
  isBinaryExpression,
  isCallExpression,
  isExpressionStatement,
  isIdentifier,
  isImportDeclaration,
  isImportSpecifier,
  isPropertyAccessExpression,
  isStringLiteral,
  SyntaxKind,
} from 'typescript/unstable/ast'
import type { Checker, Type } from 'typescript/unstable/sync'
import { nodesOf, place, type Source } from './sources.ts'

/**
 * Statements that drop a promise: neither awaited, nor given a handler of its failure, nor dropped on purpose
 * by `void`. The linter's own rule looks through our files only; this one asks the compiler, and so knows
 * what the libraries and Node return.
 */
export function floatingPromisesIn(source: Source, checker: Checker): string[] {
  const runner = runnerNames(source)
  const expressions = [...nodesOf(source.ast)]
    .filter(isExpressionStatement)
    .map(({ expression }) => expression)
    // An await is done with its promise, and cannot give another one.
    .filter(
      (expression) =>
        !isAwaitExpression(expression) && !isHandled(expression) && !isCallOf(runner, expression),
    )
  // Asked for all at once: each question is a message to the compiler's process.
  const types = checker.getTypeAtLocation(expressions)
  return expressions.flatMap((expression, index) => {
    const type = types[index]
    if (type === undefined || !isPromise(type, checker)) return []
    return [`${place(source, expression)}: nothing waits for this promise, or handles its failure`]
  })
}

/** What a file imports of `node:test`: the runner itself waits for the promises of `test()` and `describe()`. */
function runnerNames({ ast }: Source): ReadonlySet<string> {
  const imports = ast.statements.filter(
    (statement) =>
      isImportDeclaration(statement) &&
      isStringLiteral(statement.moduleSpecifier) &&
      statement.moduleSpecifier.text === 'node:test',
  )
  const names = imports.flatMap((statement) => [...nodesOf(statement)])
  return new Set(names.filter(isImportSpecifier).map(({ name }) => name.text))
}

/** `test(…)`, `test.skip(…)`. */
function isCallOf(names: ReadonlySet<string>, expression: Expression): boolean {
  if (!isCallExpression(expression)) return false
  const called = expression.expression
  const callee = isPropertyAccessExpression(called) ? called.expression : called
  return isIdentifier(callee) && names.has(callee.text)
}

const ASSIGNMENTS: ReadonlySet<SyntaxKind> = new Set([
  SyntaxKind.EqualsToken,
  SyntaxKind.QuestionQuestionEqualsToken,
  SyntaxKind.BarBarEqualsToken,
  SyntaxKind.AmpersandAmpersandEqualsToken,
])

/** `p.catch(f)`, `p.then(f, g)`, `.finally(h)` behind either, and a promise that is kept: `kept ??= p`. */
function isHandled(expression: Expression): boolean {
  if (isBinaryExpression(expression)) return ASSIGNMENTS.has(expression.operatorToken.kind)
  if (!isCallExpression(expression) || !isPropertyAccessExpression(expression.expression)) return false
  return isHandledBy(expression, expression.expression.name.text, expression.expression.expression)
}

function isHandledBy({ arguments: given }: CallExpression, method: string, promise: Expression): boolean {
  if (method === 'catch') return given.length > 0
  if (method === 'then') return given.length > 1
  return method === 'finally' && isHandled(promise)
}

/** A promise has `catch`; what merely has `then`, as Fastify's instances and replies, is no promise. */
function isPromise(type: Type, checker: Checker): boolean {
  if (type.isIntrinsicType()) return false
  if (type.isUnionType()) return type.getTypes().some((member) => isPromise(member, checker))
  return ['then', 'catch'].every((name) => checker.getPropertyOfType(type, name) !== undefined)
}
