import type { Cursor } from './cursor.ts'
import { readLiteral } from './literal.ts'
import type { Filter, Operand, Operator, Path } from './path.ts'
import { compilePattern, type Pattern } from './regex.ts'

/** How a filter reads the paths in it; handed in, because paths hold filters in turn. */
interface PathReader {
  isPathStart(cursor: Cursor): boolean
  readPath(cursor: Cursor): Path
}

type Side = Operand | { readonly kind: 'pattern'; readonly pattern: Pattern }

// Longer ones first. `===`, `!==` and lone `=` are refused by name further down.
const SYMBOLS = ['==', '!=', '<=', '>=', '=~', '<', '>'] as const
const WORDS = ['in', 'nin', 'subsetof', 'anyof', 'noneof', 'size', 'empty'] as const
type AnyOperator = Operator | '=~'

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
  cursor.position++
  cursor.skipBlanks()
  const start = cursor.position
  const term = readTerm(cursor, paths)
  if (term.kind !== 'compare' && term.kind !== 'matches') return { kind: 'not', term }
  if (cursor.text.charAt(start) === '(') return { kind: 'not', term }
  throw cursor.error('expected parentheses around what "!" negates', start)
}

function readComparison(cursor: Cursor, paths: PathReader): Filter {
  const start = cursor.position
  const left = readSide(cursor, paths)
  cursor.skipBlanks()
  const operator = readOperator(cursor)
  if (operator === undefined) {
    if (left.kind === 'path') return { kind: 'exists', path: left.path }
    throw cursor.error('expected a comparison: a value alone is no test', start)
  }
  cursor.skipBlanks()
  return comparison(left, operator, readSide(cursor, paths), () =>
    cursor.error('expected a regular expression on one side of "=~", and nowhere else', start),
  )
}

function comparison(left: Side, operator: AnyOperator, right: Side, error: () => Error): Filter {
  if (operator !== '=~') {
    if (left.kind === 'pattern' || right.kind === 'pattern') throw error()
    return { kind: 'compare', left, operator, right }
  }
  if (left.kind !== 'pattern' && right.kind === 'pattern')
    return { kind: 'matches', operand: left, pattern: right.pattern }
  if (left.kind === 'pattern' && right.kind !== 'pattern')
    return { kind: 'matches', operand: right, pattern: left.pattern }
  throw error()
}

function readSide(cursor: Cursor, paths: PathReader): Side {
  if (paths.isPathStart(cursor)) return { kind: 'path', path: paths.readPath(cursor) }
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
  return compilePattern(source, flags, (expectation) => cursor.error(expectation, start))
}

/** The operator here, `undefined` where a test ends without one. */
function readOperator(cursor: Cursor): AnyOperator | undefined {
  const start = cursor.position
  const symbol = SYMBOLS.find((one) => cursor.take(one))
  if (symbol !== undefined) {
    if (cursor.peek() === '=')
      throw cursor.error('expected "==" or "!=": strict comparisons are not supported', start)
    return symbol
  }
  const written = cursor.takeMatch(/[A-Za-z]+/y)
  if (written === '') return undefined
  const word = WORDS.find((one) => one === written.toLowerCase())
  if (word === undefined)
    throw cursor.error(`expected an operator: ${[...SYMBOLS, ...WORDS].join(' ')}`, start)
  return word
}
