import {
  type ImportSpecifier,
  isCallExpression,
  isElementAccessExpression,
  isIdentifier,
  isImportDeclaration,
  isImportSpecifier,
  isNewExpression,
  isPropertyAccessExpression,
  isStringLiteral,
  type Node,
} from 'typescript/unstable/ast'
import { nodesOf, place, type Source } from './sources.ts'

const TIME = 'time is injected: use the clock that was handed in'
const RANDOMNESS = 'randomness is injected: use the random that was handed in'
const PROCESS =
  'main.ts reads the command line, ends the process and handles signals; config reads the environment'

/** Names that are banned wherever they are read or imported, with what to do instead. */
const NAMES: ReadonlyMap<string, string> = new Map([
  ...['setTimeout', 'setInterval', 'setImmediate'].map((name) => [name, TIME] as const),
  ...['randomBytes', 'randomUUID', 'randomInt', 'randomFill', 'randomFillSync', 'getRandomValues'].map(
    (name) => [name, RANDOMNESS] as const,
  ),
])

/** Members that are banned, with what to do instead. */
const MEMBERS: ReadonlyMap<string, string> = new Map([
  ...['Date.now', 'performance.now', 'performance.timeOrigin', 'process.hrtime', 'process.uptime'].map(
    (name) => [name, TIME] as const,
  ),
  ['AbortSignal.timeout', TIME],
  ['Math.random', RANDOMNESS],
  ...['process.env', 'process.argv', 'process.exit', 'process.exitCode', 'process.on', 'process.once'].map(
    (name) => [name, PROCESS] as const,
  ),
])

/** What may be used where, and why. `queueMicrotask` and `process.nextTick` order work, and wait for no time. */
const EXCEPTIONS: readonly { readonly use: string; readonly where: string; readonly why: string }[] = [
  ...[...NAMES.keys(), ...MEMBERS.keys(), 'new Date()']
    .filter((use) => !use.startsWith('process.e'))
    .map((use) => ({ use, where: 'server/src/clock/', why: 'the one place where both are made' })),
  ...[...MEMBERS.keys()]
    .filter((use) => MEMBERS.get(use) === PROCESS)
    .map((use) => ({ use, where: 'server/src/main.ts', why: 'the edge to the process' })),
  { use: 'process.env', where: 'server/src/config/', why: 'names the keys of the environment' },
  {
    use: 'setImmediate',
    where: 'server/src/store/embedded/',
    why: 'a long scan yields; when it goes on is of no account',
  },
]

/** The banned uses in a file of the product, or beside it, one message each. */
export function bannedUsesIn(source: Source): string[] {
  return [...nodesOf(source.ast)].flatMap((node) => {
    const [use, instead] = bannedUse(node)
    if (use === undefined || isExcepted(use, source.path, instead)) return []
    return [`${place(source, node)}: ${use}: ${instead}`]
  })
}

function isExcepted(use: string, path: string, instead: string): boolean {
  // A unit test may make its own randomness, start a process, and let what is ready run; it never waits for the
  // clock on the wall.
  if (path.endsWith('.test.ts') && (instead !== TIME || use === 'setImmediate')) return true
  return EXCEPTIONS.some((exception) => exception.use === use && path.startsWith(exception.where))
}

function bannedUse(node: Node): readonly [use: string | undefined, instead: string] {
  if (isDateNow(node)) return ['new Date()', TIME]
  const member = memberName(node)
  if (member !== undefined && MEMBERS.has(member)) return [member, MEMBERS.get(member) ?? '']
  if (isIdentifier(node) && NAMES.has(node.text) && isRead(node))
    return [node.text, NAMES.get(node.text) ?? '']
  return [undefined, '']
}

/** `new Date()`, which reads the clock; `new Date(ms)` does not. `Date()` reads it with any arguments. */
function isDateNow(node: Node): boolean {
  if (isNewExpression(node)) return isDate(node.expression) && (node.arguments ?? []).length === 0
  return isCallExpression(node) && isDate(node.expression)
}

function isDate(node: Node): boolean {
  return isIdentifier(node) && node.text === 'Date'
}

/** `Date.now` of `Date.now()`, `globalThis.Date.now()` and `Date['now']()`; `process.env` also of an import. */
function memberName(node: Node): string | undefined {
  if (isImportSpecifier(node)) return memberOfProcess(node)
  if (isPropertyAccessExpression(node)) return joined(node.expression, node.name.text)
  if (isElementAccessExpression(node) && isStringLiteral(node.argumentExpression))
    return joined(node.expression, node.argumentExpression.text)
  return undefined
}

function memberOfProcess({ name, propertyName, parent }: ImportSpecifier): string | undefined {
  const statement = parent.parent.parent
  if (!isImportDeclaration(statement) || !isStringLiteral(statement.moduleSpecifier)) return undefined
  const isProcess = ['node:process', 'process'].includes(statement.moduleSpecifier.text)
  return isProcess ? `process.${(propertyName ?? name).text}` : undefined
}

function joined(object: Node, member: string): string | undefined {
  if (isIdentifier(object)) return `${object.text}.${member}`
  return isPropertyAccessExpression(object) ? `${object.name.text}.${member}` : undefined
}

const GLOBAL_OBJECTS = ['globalThis', 'global', 'crypto', 'webcrypto', 'timers']

/** Tells reading a name from declaring one of the same spelling, and from another object's member of it. */
function isRead(name: Node): boolean {
  const { parent } = name
  if (isPropertyAccessExpression(parent) && parent.name === name)
    return isIdentifier(parent.expression) && GLOBAL_OBJECTS.includes(parent.expression.text)
  if (isImportSpecifier(parent)) return (parent.propertyName ?? parent.name) === name
  return !('name' in parent && parent.name === name)
}
