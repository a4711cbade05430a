import assert from 'node:assert/strict'
import { stringify } from 'yaml'

/**
 * As much of Helm's templates as our chart uses, for machines without Helm: `if`, `else`, `with`, `range` over a map,
 * `define`, `include`, pipelines, parentheses, and the functions below. Anything else is an error, not a guess.
 */
export class Chart {
  readonly #named = new Map<string, readonly Node[]>()
  readonly #root: Scope

  constructor(values: Json, { name = 'ours', appVersion = '0.0.0' } = {}) {
    const release = { Name: name, Service: 'Helm', Namespace: 'default' }
    this.#root = {
      dot: { Values: values, Release: release, Chart: { AppVersion: appVersion } },
      variables: new Map(),
    }
  }

  /** Renders a template; its `define`s are known to those that follow. */
  render(text: string): string {
    return this.#walk(parse(text), this.#root)
  }

  #walk(nodes: readonly Node[], scope: Scope): string {
    return nodes.map((node) => this.#show(node, scope)).join('')
  }

  #show(node: Node, scope: Scope): string {
    switch (node.kind) {
      case 'text':
        return node.text
      case 'define':
        this.#named.set(node.name, node.body)
        return ''
      case 'show':
        return textOf(this.#pipeline(node.expression, scope))
      case 'if':
      case 'with': {
        const value = this.#pipeline(node.expression, scope)
        const inner = node.kind === 'with' ? { ...scope, dot: value } : scope
        return isTrue(value) ? this.#walk(node.body, inner) : this.#walk(node.otherwise, scope)
      }
      case 'range': {
        const over = this.#pipeline(node.expression, scope)
        const entries = typeof over === 'object' && over !== null ? Object.entries(over) : []
        return entries
          .sort(([left], [right]) => (left < right ? -1 : 1))
          .map(([key, value]) => {
            const variables = new Map(scope.variables).set(node.key, key).set(node.value, value)
            return this.#walk(node.body, { dot: value, variables })
          })
          .join('')
      }
    }
  }

  #pipeline(tokens: readonly string[], scope: Scope): Json {
    let piped: Json[] = []
    for (const stage of splitAt(tokens, '|')) piped = [this.#call(stage, scope, piped)]
    return piped[0]
  }

  #call(tokens: readonly string[], scope: Scope, piped: readonly Json[]): Json {
    const [first = '', ...rest] = tokens
    const isValue = /^[."$(\d]/.test(first)
    const operands = operandsOf(isValue ? tokens : rest).map((operand) => this.#operand(operand, scope))
    if (isValue) return operands[0]
    if (first === 'include') {
      const body = this.#named.get(String(operands[0])) ?? assert.fail(`no template ${operands[0]}`)
      return this.#walk(body, { ...scope, dot: operands[1] })
    }
    const made = FUNCTIONS[first] ?? assert.fail(`a function that this renderer does not know: ${first}`)
    return made([...operands, ...piped])
  }

  #operand(operand: readonly string[], scope: Scope): Json {
    const [first = ''] = operand
    if (first === '(') return this.#pipeline(operand.slice(1, -1), scope)
    if (first.startsWith('"')) return JSON.parse(first)
    if (/^\d+$/.test(first)) return Number(first)
    if (first.startsWith('$')) return scope.variables.get(first)
    const steps = first.split('.').filter((step) => step !== '')
    return steps.reduce<Json>((value, step) => (isMap(value) ? value[step] : undefined), scope.dot)
  }
}

export type Json =
  | string
  | number
  | boolean
  | null
  | undefined
  | readonly Json[]
  | { readonly [name: string]: Json }
type Scope = { readonly dot: Json; readonly variables: ReadonlyMap<string, Json> }

type Node =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'show'; readonly expression: readonly string[] }
  | { readonly kind: 'define'; readonly name: string; readonly body: readonly Node[] }
  | {
      readonly kind: 'if' | 'with'
      readonly expression: readonly string[]
      readonly body: readonly Node[]
      readonly otherwise: readonly Node[]
    }
  | {
      readonly kind: 'range'
      readonly key: string
      readonly value: string
      readonly expression: readonly string[]
      readonly body: readonly Node[]
    }

const FUNCTIONS: Readonly<Record<string, (given: readonly Json[]) => Json>> = {
  quote: ([value]) => JSON.stringify(textOf(value)),
  toYaml: ([value]) => stringify(value).trimEnd(),
  nindent: ([count, text]) => `\n${textOf(text).replace(/^(?=.)/gm, ' '.repeat(Number(count)))}`,
  required: ([message, value]) =>
    value === undefined || value === '' ? assert.fail(String(message)) : value,
  fail: ([message]) => assert.fail(String(message)),
  default: ([otherwise, value]) => (isTrue(value) ? value : otherwise),
  not: ([value]) => !isTrue(value),
  or: (values) => values.find(isTrue) ?? values.at(-1),
  add: (values) => values.reduce<number>((sum, value) => sum + Number(value), 0),
  printf: ([format, ...values]) =>
    values.reduce<string>((text, value) => text.replace('%s', textOf(value)), String(format)),
}

function isMap(value: Json): value is { readonly [name: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isTrue(value: Json): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return Boolean(value)
}

function textOf(value: Json): string {
  return value === undefined || value === null ? '' : String(value)
}

/** Text and actions in turn, where `{{-` and `-}}` take the white space beside them. */
function parse(text: string): readonly Node[] {
  const parts = text.split(/(\{\{-?.*?-?\}\})/s)
  const trimmed = parts.map((part, index) => {
    if (index % 2 === 1) return part
    const after = parts[index - 1]?.endsWith('-}}') ? part.trimStart() : part
    return parts[index + 1]?.startsWith('{{-') ? after.trimEnd() : after
  })
  const { nodes, rest } = block(trimmed)
  assert.deepEqual(rest, [], 'an end too many')
  return nodes
}

/** Nodes up to the `end` or `else` that belongs to what they are in. */
function block(parts: readonly string[]): {
  readonly nodes: readonly Node[]
  readonly rest: readonly string[]
} {
  const nodes: Node[] = []
  let rest = parts
  for (;;) {
    const [part, ...others] = rest
    if (part === undefined) return { nodes, rest: [] }
    const action = /^\{\{-?\s*(.*?)\s*-?\}\}$/s.exec(part)?.[1]
    if (action === undefined) {
      nodes.push({ kind: 'text', text: part })
      rest = others
      continue
    }
    const [word = '', ...expression] = tokensOf(action)
    if (word === 'end' || word === 'else') return { nodes, rest }
    if (!['if', 'with', 'range', 'define'].includes(word)) {
      nodes.push({ kind: 'show', expression: [word, ...expression] })
      rest = others
      continue
    }
    const body = block(others)
    const hasElse = /else/.test(body.rest[0] ?? '')
    const otherwise = hasElse ? block(body.rest.slice(1)) : { nodes: [], rest: body.rest }
    assert.match(otherwise.rest[0] ?? '', /^\{\{-?\s*end\s*-?\}\}$/, `${action} does not end`)
    nodes.push(branch(word, expression, body.nodes, otherwise.nodes))
    rest = otherwise.rest.slice(1)
  }
}

function branch(
  word: string,
  expression: readonly string[],
  body: readonly Node[],
  otherwise: readonly Node[],
): Node {
  if (word === 'define') return { kind: 'define', name: JSON.parse(expression[0] ?? ''), body }
  if (word === 'if' || word === 'with') return { kind: word, expression, body, otherwise }
  const [key = '', value = '', sign, ...over] = expression
  assert.equal(sign, ':=')
  return { kind: 'range', key, value, expression: over, body }
}

function tokensOf(action: string): readonly string[] {
  return action.match(/"(?:[^"\\]|\\.)*"|:=|[()|]|[^\s()|,]+/g) ?? []
}

function splitAt(tokens: readonly string[], separator: string): readonly (readonly string[])[] {
  let depth = 0
  const parts: string[][] = [[]]
  for (const token of tokens) {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
    if (token === separator && depth === 0) parts.push([])
    else parts.at(-1)?.push(token)
  }
  return parts
}

/** Each operand's tokens: one, or all of a pair of parentheses. */
function operandsOf(tokens: readonly string[]): readonly (readonly string[])[] {
  const operands: string[][] = []
  let depth = 0
  for (const token of tokens) {
    if (depth > 0) operands.at(-1)?.push(token)
    else operands.push([token])
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
  }
  return operands
}
