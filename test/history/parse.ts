import { HISTORY_VERSION, type Line } from './lines.ts'

/** A line that is none of a history. */
export class BadLine extends Error {}

type Check = (value: unknown) => boolean

const isText: Check = (value) => typeof value === 'string'
const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const isFlag: Check = (value) => typeof value === 'boolean'
const isQos: Check = (value) => value === 0 || value === 1
const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const isNumbers: Check = (value) => isObject(value) && Object.values(value).every(isNumber)
const isTexts: Check = (value) => isObject(value) && Object.values(value).every(isText)
const isListOf = (check: Check) => (value: unknown) => Array.isArray(value) && value.every(check)
const oneOf =
  (...values: readonly string[]) =>
  (value: unknown) =>
    values.includes(String(value))
const optional = (check: Check) => (value: unknown) => value === undefined || check(value)
const isWebhook: Check = (value) =>
  isObject(value) && isText(value['name']) && isListOf(isText)(value['types'])
const isCancel: Check = (value) =>
  isObject(value) && oneOf('acknowledged', 'answered')(value['on']) && isText(value['eventId'])

type Fields = { readonly [field: string]: Check }

const OF_ENDPOINT: Fields = { endpoint: isText, token: optional(isText) }
const ON_LINK: Fields = { link: isText, endpoint: isText, eventId: isText }

const SEND: Fields = {
  by: isText,
  to: isText,
  endpoint: optional(isText),
  qos: isQos,
  eventId: isText,
  digest: optional(isText),
  key: optional(isText),
  lifetimeMs: optional(isNumber),
  collapseKey: optional(isText),
  cancelOthers: optional(isCancel),
  token: optional(isText),
}

const OPERATIONS: ReadonlyMap<unknown, Fields> = new Map<unknown, Fields>([
  ['register', { ...OF_ENDPOINT, keepAliveSeconds: isNumber }],
  ...['keepalive', 'unregister', 'kick', 'look', 'connect'].map((op) => [op, OF_ENDPOINT] as const),
  ['send', SEND],
  ['answer', { ...OF_ENDPOINT, eventId: isText }],
  ['token', { user: isText, issues: isText }],
  ['change_entry', { entry: isText, value: isText }],
  ['find_entry', { entry: isText }],
  ['revoke', { user: isText, revokes: optional(isText), token: optional(isText) }],
])

const OUTCOMES: ReadonlyMap<unknown, Fields> = new Map<unknown, Fields>([
  [
    'ok',
    {
      count: optional(isNumber),
      eventId: optional(isText),
      acknowledged: optional(isNumber),
      answeredBy: optional(isText),
      present: optional(isFlag),
      value: optional(isText),
    },
  ],
  ['refused', { error: isText, answeredBy: optional(isText) }],
  ['unknown', {}],
])

const FAULTS = [
  ...['node_died', 'node_froze', 'node_stopped', 'node_cut_off'],
  ...['store_failed', 'store_stalled', 'clock_jumped', 'messages_lost'],
]

const KINDS: ReadonlyMap<unknown, Fields> = new Map<unknown, Fields>([
  [
    'history',
    {
      version: (value) => value === HISTORY_VERSION,
      source: isText,
      nodes: optional(isListOf(isText)),
      webhooks: optional(isListOf(isWebhook)),
      settings: optional(isNumbers),
    },
  ],
  ['begin', { call: isNumber, op: (value) => OPERATIONS.has(value) }],
  ['end', { call: isNumber, outcome: (value) => OUTCOMES.has(value) }],
  [
    'link_up',
    { link: isText, endpoint: isText, qos: isQos, node: optional(isText), token: optional(isText) },
  ],
  ['link_down', { link: isText }],
  ['delivery', { ...ON_LINK, qos: isQos, digest: optional(isText) }],
  ['puback', { ...ON_LINK, isHeard: optional(isFlag), isUnsure: optional(isFlag) }],
  [
    'told',
    {
      ...{ webhook: isText, type: isText, sequence: isNumber },
      ...{ endpoint: optional(isText), reason: optional(isText), eventId: optional(isText) },
    },
  ],
  ['expired', { endpoint: isText }],
  ['fault', { fault: isNumber, what: oneOf(...FAULTS), node: optional(isText) }],
  ['fault_end', { fault: isNumber }],
  ['settled', {}],
  ['outcomes', { eventId: isText, endpoints: isTexts, answeredBy: optional(isText) }],
  [
    'recount',
    {
      ...{ totals: isNumbers, counted: isNumbers },
      ...{ orphans: optional(isListOf(isText)), depths: optional(isNumbers) },
    },
  ],
])

/**
 * A line of a file. Unknown members are ignored, so that recorders may write more than this version knows.
 *
 * @throws BadLine
 */
export function parseLine(text: string): Line {
  const line = parseJson(text)
  if (!isObject(line)) throw new BadLine('is no object')
  const fields = KINDS.get(line['kind'])
  if (fields === undefined) throw new BadLine(`has an unknown kind: ${String(line['kind'])}`)
  assertFields(line, { atMs: isNumber, ...fields })
  if (line['kind'] === 'begin') assertFields(line, OPERATIONS.get(line['op']) ?? {})
  if (line['kind'] === 'end') assertFields(line, OUTCOMES.get(line['outcome']) ?? {})
  // Every member that the type names has been looked at.
  return line as Line
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new BadLine('is no JSON')
  }
}

function assertFields(line: Record<string, unknown>, fields: Fields): void {
  for (const [field, check] of Object.entries(fields))
    if (!check(line[field])) throw new BadLine(`has a bad or no "${field}"`)
}
