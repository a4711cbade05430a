import { type Bound, opposite } from './bound.ts'
import {
  isArray,
  isContainer,
  isObject,
  type JsonArray,
  type JsonObject,
  type JsonValue,
  member,
} from './json.ts'
import type { Operator } from './path.ts'
import { KEY_STEPS, type Work } from './work.ts'

/** What one side of a comparison stands for: `undefined` where its path leads nowhere. */
export type Resolved = JsonValue | undefined

/** What a path may stand for where that is not sure; without values anything at all. */
export class Alternatives {
  readonly values: readonly Resolved[]

  constructor(values: readonly Resolved[]) {
    this.values = values
  }
}

const COMPARE_STEPS = 5

/** Characters of a string that are compared in one step. */
const CHARACTERS_A_STEP = 32

/** Tells whether a comparison holds, by the rules of Jayway and RFC 9535: see docs/masks.md. */
export function compares(
  left: Resolved,
  operator: Operator,
  right: Resolved,
  bound: Bound,
  work: Work,
): boolean {
  work.spend(COMPARE_STEPS)
  switch (operator) {
    case '==':
      return isEqual(left, right, bound, work)
    case '!=':
      return !isEqual(left, right, opposite(bound), work)
    case '===':
      return isEqual(left, right, 'least', work)
    case '!==':
      return !isEqual(left, right, 'least', work)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return isOrdered(left, operator, right, bound, work)
    case 'in':
      return isList(right) && isAmong(left, right, bound, work)
    case 'nin':
      return isNotIn(left, right, bound, work)
    case 'subsetof':
      return isList(left) && isList(right) && areAmong(left, right, bound, work)
    case 'all':
      return isList(left) && isList(right) && areAmong(right, left, bound, work)
    case 'anyof':
      return isList(left) && isList(right) && isAnyAmong(left, right, bound, work)
    case 'noneof':
      return isList(left) && isList(right) && !isAnyAmong(left, right, opposite(bound), work)
    case 'contains':
      return contains(left, right, bound, work)
    case 'size':
      return typeof right === 'number' && sizeOf(left) === Math.trunc(right)
    case 'empty':
      return typeof right === 'boolean' && isEmpty(left, work) === right
  }
}

function isList(value: Resolved): value is JsonArray {
  return value !== undefined && isArray(value)
}

function isAmong(value: Resolved, list: JsonArray, bound: Bound, work: Work): boolean {
  return list.some((item) => (isOddItem(item, work) ? bound === 'most' : isEqual(value, item, bound, work)))
}

function areAmong(items: JsonArray, list: JsonArray, bound: Bound, work: Work): boolean {
  return items.every((item) => (isOddItem(item, work) ? bound === 'most' : isAmong(item, list, bound, work)))
}

function isAnyAmong(items: JsonArray, list: JsonArray, bound: Bound, work: Work): boolean {
  return items.some((item) => (isOddItem(item, work) ? bound === 'most' : isAmong(item, list, bound, work)))
}

/** To Jayway nothing is in an object. */
function isNotIn(left: Resolved, right: Resolved, bound: Bound, work: Work): boolean {
  if (isList(right)) return !isAmong(left, right, opposite(bound), work)
  return bound === 'most' && right !== undefined && isObject(right)
}

/**
 * Texts in a list that Jayway takes for paths, for JSON or for quoted and escaped: what it compares them as depends
 * on what they say.
 */
export function isOddItem(item: JsonValue, work: Work): boolean {
  if (typeof item !== 'string') return false
  work.spend(1 + item.length / CHARACTERS_A_STEP)
  return /^\s*(?:[$@](?:[.[]|\s*$)|[[{'"])/.test(item) || item.includes('\\')
}

/**
 * What is missing equals nothing to Jayway, and what else is missing to RFC 9535. A number equals the text of a number
 * of its value to Jayway, to which it matters on which side which of them stands, and no text at all to RFC 9535.
 */
function isEqual(left: Resolved, right: Resolved, bound: Bound, work: Work): boolean {
  work.spend(4)
  if (left === undefined || right === undefined) return bound === 'most' && left === right
  if (typeof left === 'number' && typeof right === 'string')
    return bound === 'most' && left === numberIn(right)
  if (typeof left === 'string' && typeof right === 'number')
    return bound === 'most' && numberIn(left) === right
  return isSame(left, right, work)
}

/** The number a string is the text of; `undefined` (which equals none) where it is other text. */
function numberIn(text: string): number | undefined {
  return text.length < 64 && /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)
    ? Number(text)
    : undefined
}

/** Equal in type and value at every depth, the order of keys aside. */
function isSame(left: JsonValue, right: JsonValue, work: Work): boolean {
  work.spend(1)
  if (typeof left === 'string' && typeof right === 'string') return isSameText(left, right, work)
  if (!isContainer(left) || !isContainer(right) || left === right) return left === right
  if (isArray(left) !== isArray(right)) return false
  const entries = Object.entries<JsonValue>(left)
  work.spend(ENTRY_STEPS * entries.length)
  if (entries.length !== Object.keys(right).length) return false
  return entries.every(([key, value]) => {
    const other = isArray(right) ? right[Number(key)] : member(right, key)
    return other !== undefined && isSame(value, other, work)
  })
}

const ENTRY_STEPS = 20

function isSameText(left: string, right: string, work: Work): boolean {
  if (left.length !== right.length) return false
  work.spend(left.length / CHARACTERS_A_STEP)
  return left === right
}

/**
 * Two numbers by value, two texts by their UTF-16 units. To RFC 9535 what is equal is also `<=`, whatever it is. A
 * number with a text is in no order to both, and compared as texts here: nobody knows what was meant.
 */
function isOrdered(
  left: Resolved,
  operator: '<' | '<=' | '>' | '>=',
  right: Resolved,
  bound: Bound,
  work: Work,
): boolean {
  if (typeof left === 'number' && typeof right === 'number')
    return accepts(operator, left < right ? -1 : Number(left > right))
  if (typeof left === 'string' && typeof right === 'string')
    return accepts(operator, orderOf(left, right, work))
  if (bound === 'least') return false
  if (operator.endsWith('=') && isEqual(left, right, bound, work)) return true
  const isMixed =
    typeof left === 'string'
      ? typeof right === 'number'
      : typeof left === 'number' && typeof right === 'string'
  return isMixed && accepts(operator, orderOf(String(left), String(right), work))
}

function accepts(operator: '<' | '<=' | '>' | '>=', order: number): boolean {
  if (order === 0) return operator.endsWith('=')
  return order < 0 === operator.startsWith('<')
}

function orderOf(left: string, right: string, work: Work): number {
  work.spend(Math.min(left.length, right.length) / CHARACTERS_A_STEP)
  return left < right ? -1 : Number(left !== right)
}

/** A text a text, a list an item. */
function contains(left: Resolved, right: Resolved, bound: Bound, work: Work): boolean {
  if (isList(left)) return isAmong(right, left, bound, work)
  if (typeof left !== 'string' || typeof right !== 'string') return false
  // At worst each place of the one is compared with all of the other.
  work.spend((left.length * (right.length + 1)) / 8)
  return left.includes(right)
}

/** Jayway gives objects the size -1. */
function sizeOf(value: Resolved): number | undefined {
  if (typeof value === 'string' || isList(value)) return value.length
  return value !== undefined && isObject(value) ? -1 : undefined
}

function isEmpty(value: Resolved, work: Work): boolean | undefined {
  if (typeof value === 'string' || isList(value)) return value.length === 0
  if (value === undefined || !isObject(value)) return undefined
  return countMembers(value, work) === 0
}

export function countMembers(object: JsonObject, work: Work): number {
  const { length } = Object.keys(object)
  work.spend(KEY_STEPS * length)
  return length
}
