import type { Cursor } from './cursor.ts'
import { readLiteral } from './literal.ts'
import type { Filter, Operand, Path } from './path.ts'
import { compilePattern, type Pattern } from './regex.ts'

/** How a filter reads the paths in it; handed in, because paths hold filters in turn. */
interface PathReader {
  isPathStart(cursor: Cursor): boolean
  readPath(cursor: Cursor): Path
}

type Side =
  | Operand
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  /** Jayway takes a `!` before any path, and hears it only where no operator follows. */
  | { readonly kind: 'negated'; readonly path: Path }

const SYMBOLS = ['==', '!=', '===', '!==', '<=', '>=', '=~', '<', '>'] as const
const WORDS = [
  'in',
  'nin',
  'subsetof',
  'anyof',
  'noneof',
  'all',
  'contains',
  'size',
  'empty',
  'exists',
  'type',
  'matches',
] as const
type AnyOperator = (typeof SYMBOLS)[number] | (typeof WORDS)[number]

/** `a || b`, loosest first: or, and, not, comparison. */
export function readFilter(cursor: Cursor, paths: PathReader): Filter {
  return readChain(cursor, 'or', '||', () => readChain(cursor, 'and', '&&', () => readTerm(cursor, paths)))
}

function readChain(cursor: Cursor, kind: 'or' | 'and', sign: string, readOne: () => Filter): Filter {
  const terms: Filter[] = []
  do {
    cursor.skipBlanks()
    terms.push(readOne())
    cursor.skipBlanks()
  } while (cursor.take(sign))
  const [only] = terms
  return only !== undefined && terms.length === 1 ? only : { kind, terms }
}

function readTerm(cursor: Cursor, paths: PathReader): Filter {
  if (cursor.take('(')) return cursor.nested(() => readGroup(cursor, paths))
  if (cursor.peek() === '!') return cursor.nested(() => readNot(cursor, paths))
  return readComparison(cursor, paths)
}

function readGroup(cursor: Cursor, paths: PathReader): Filter {
  const filter = readFilter(cursor, paths)
  cursor.expect(')', 'expected "&&", "||" or ")"')
  return filter
}

function readNot(cursor: Cursor, paths: PathReader): Filter {
  const start = cursor.position
  cursor.position++
  cursor.skipBlanks()
  if (!paths.isPathStart(cursor)) return { kind: 'not', term: readTerm(cursor, paths) }
  cursor.position = start
  return readComparison(cursor, paths)
}

function readComparison(cursor: Cursor, paths: PathReader): Filter {
  const start = cursor.position
  const left = readSide(cursor, paths)
  cursor.skipBlanks()
  const operator = readOperator(cursor)
  if (operator === undefined) {
    if (left.kind === 'path') return existence(left.path)
    if (left.kind === 'negated') return { kind: 'not', term: existence(left.path) }
    throw cursor.error('expected a comparison: a value alone is no test', start)
  }
  cursor.skipBlanks()
  return comparison(left, operator, readSide(cursor, paths))
}

function existence(path: Path): Filter {
  return path.call === undefined ? { kind: 'exists', path } : DOUBT
}

const DOUBT: Filter = { kind: 'doubt' }

/**
 * What Jayway takes and cannot answer, or answers as nobody would expect, is in doubt: then more is masked.
 */
function comparison(left: Side, operator: AnyOperator, right: Side): Filter {
  if (left.kind === 'negated' || right.kind === 'negated') return eitherWay(left, operator, right)
  if (operator === 'type' || operator === 'matches') return DOUBT
  if (operator === 'exists') return existsComparison(left, right)
  if (operator !== '=~') {
    if (left.kind === 'pattern' || right.kind === 'pattern') return DOUBT
    return { kind: 'compare', left, operator, right }
  }
  if (left.kind !== 'pattern' && right.kind === 'pattern')
    return { kind: 'matches', operand: left, pattern: right.pattern }
  if (left.kind === 'pattern' && right.kind !== 'pattern')
    return { kind: 'matches', operand: right, pattern: left.pattern }
  return DOUBT
}

/** `!@.a == 1` is `@.a == 1` to Jayway, and `!(@.a == 1)` to who wrote it. */
function eitherWay(left: Side, operator: AnyOperator, right: Side): Filter {
  const term = comparison(plain(left), operator, plain(right))
  return { kind: 'or', terms: [term, { kind: 'not', term }] }
}

function plain(side: Side): Side {
  return side.kind === 'negated' ? { kind: 'path', path: side.path } : side
}

/** `@.a exists true`: to Jayway whether `@.a` is `true`, to who wrote it whether there is an `@.a`. */
function existsComparison(left: Side, right: Side): Filter {
  if (left.kind !== 'path' || right.kind !== 'literal' || typeof right.value !== 'boolean') return DOUBT
  const exists = existence(left.path)
  const same: Filter = { kind: 'compare', left, operator: '===', right }
  return { kind: 'or', terms: [same, right.value ? exists : { kind: 'not', term: exists }] }
}

function readSide(cursor: Cursor, paths: PathReader): Side {
  const isNegated = cursor.take('!')
  if (isNegated) cursor.skipBlanks()
  if (paths.isPathStart(cursor)) return { kind: isNegated ? 'negated' : 'path', path: paths.readPath(cursor) }
  if (isNegated) throw cursor.error('expected a path')
  if (cursor.peek() === '/') return { kind: 'pattern', pattern: readPattern(cursor) }
  return { kind: 'literal', value: readLiteral(cursor) }
}

function readPattern(cursor: Cursor): Pattern {
  cursor.countPattern()
  const start = cursor.position
  cursor.position++
  const source = cursor.takeMatch(/(?:[^/\\]|\\.)*/sy)
  cursor.expect('/', 'expected "/" at the end of the regular expression')
  const flags = cursor.takeMatch(/[A-Za-z]*/y)
  return compilePattern(source, flags, cursor.work, (expectation) => cursor.error(expectation, start))
}

/** The operator here, `undefined` where a test ends without one. */
function readOperator(cursor: Cursor): AnyOperator | undefined {
  const start = cursor.position
  const symbol = cursor.takeMatch(/[<>=~!]+/y)
  const written = symbol === '' ? cursor.takeMatch(/[A-Za-z]+/y).toLowerCase() : symbol
  if (written === '') return undefined
  const operator = [...SYMBOLS, ...WORDS].find((one) => one === written)
  if (operator === undefined)
    throw cursor.error(`expected an operator: ${[...SYMBOLS, ...WORDS].join(' ')}`, start)
  return operator
}
