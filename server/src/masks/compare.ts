import { isArray, isContainer, isObject, type JsonArray, type JsonValue, member } from './json.ts'
import type { Operator } from './path.ts'
import type { Work } from './work.ts'

/** What one side of a comparison stands for: `undefined` where its path leads nowhere. */
export type Resolved = JsonValue | undefined

const COMPARE_STEPS = 5

/** Characters of a string that are compared in one step. */
const CHARACTERS_A_STEP = 32

/** Tells whether a comparison holds, by Jayway's rules: see docs/masks.md. */
export function compares(left: Resolved, operator: Operator, right: Resolved, work: Work): boolean {
  work.spend(COMPARE_STEPS)
  switch (operator) {
    case '==':
      return isEqual(left, right, work)
    case '!=':
      return !isEqual(left, right, work)
    case '<':
      return isOrdered(left, right, work, (order) => order < 0)
    case '<=':
      return isOrdered(left, right, work, (order) => order <= 0)
    case '>':
      return isOrdered(left, right, work, (order) => order > 0)
    case '>=':
      return isOrdered(left, right, work, (order) => order >= 0)
    case 'in':
      return isList(right) && isAmong(left, right, work)
    case 'nin':
      return isList(right) && !isAmong(left, right, work)
    case 'subsetof':
      return isList(left) && isList(right) && left.every((item) => isAmong(item, right, work))
    case 'anyof':
      return isList(left) && isList(right) && left.some((item) => isAmong(item, right, work))
    case 'noneof':
      return isList(left) && isList(right) && !left.some((item) => isAmong(item, right, work))
    case 'size':
      return typeof right === 'number' && sizeOf(left) === Math.trunc(right)
    case 'empty':
      return typeof right === 'boolean' && isEmpty(left) === right
  }
}

function isList(value: Resolved): value is JsonArray {
  return value !== undefined && isArray(value)
}

function isAmong(value: Resolved, list: JsonArray, work: Work): boolean {
  return list.some((item) => isEqual(value, item, work))
}

/** What is missing equals nothing, a number equals the text of a number of its value. */
function isEqual(left: Resolved, right: Resolved, work: Work): boolean {
  work.spend(1)
  if (left === undefined || right === undefined) return false
  if (typeof left === 'number' && typeof right === 'string') return left === numberIn(right)
  if (typeof left === 'string' && typeof right === 'number') return numberIn(left) === right
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
  work.spend(entries.length)
  if (entries.length !== Object.keys(right).length) return false
  return entries.every(([key, value]) => {
    const other = isArray(right) ? right[Number(key)] : member(right, key)
    return other !== undefined && isSame(value, other, work)
  })
}

function isSameText(left: string, right: string, work: Work): boolean {
  if (left.length !== right.length) return false
  work.spend(left.length / CHARACTERS_A_STEP)
  return left === right
}

/** Numbers by value, strings by their UTF-16 units, and a string with a number by the number's text. */
function isOrdered(
  left: Resolved,
  right: Resolved,
  work: Work,
  accepts: (order: number) => boolean,
): boolean {
  if (typeof left === 'number' && typeof right === 'number') return accepts(left - right)
  if (typeof left !== 'string' && typeof left !== 'number') return false
  if (typeof right !== 'string' && typeof right !== 'number') return false
  const texts = [String(left), String(right)] as const
  work.spend(Math.min(texts[0].length, texts[1].length) / CHARACTERS_A_STEP)
  return accepts(texts[0] < texts[1] ? -1 : Number(texts[0] !== texts[1]))
}

function sizeOf(value: Resolved): number | undefined {
  return typeof value === 'string' || isList(value) ? value.length : undefined
}

function isEmpty(value: Resolved): boolean | undefined {
  if (typeof value === 'string' || isList(value)) return value.length === 0
  return value !== undefined && isObject(value) ? Object.keys(value).length === 0 : undefined
}
