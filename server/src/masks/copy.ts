import {
  type Container,
  childOf,
  isArray,
  isContainer,
  type JsonValue,
  type Key,
  keysOf,
  setMember,
} from './json.ts'
import type { Location } from './search.ts'

/** Whether a masked text has as many `*` as it had UTF-16 units, or one number of them whatever it was. */
export type MaskLength = 'kept' | 'fixed'

const FIXED_LENGTH = 8

/** Places of an event that are to be masked, with all that is under them. */
export class Marks {
  readonly #keys = new Map<Container, Set<Key>>()
  #root = false

  get root(): boolean {
    return this.#root
  }

  add({ parent, key }: Location): void {
    const container = parent?.value
    if (container === undefined || !isContainer(container)) {
      this.#root = true
      return
    }
    const keys = this.#keys.get(container)
    if (keys === undefined) this.#keys.set(container, new Set([key]))
    else keys.add(key)
  }

  has(container: Container, key: Key): boolean {
    return this.#keys.get(container)?.has(key) ?? false
  }
}

type Target = JsonValue[] | { [key: string]: JsonValue }

type Frame = { readonly source: Container; readonly target: Target; readonly isMasked: boolean }

type Hide = (value: Exclude<JsonValue, Container>) => JsonValue

/**
 * A deep copy of `event` with what is marked masked. The event itself is left alone.
 *
 * Does not recurse, so that it also takes what was too deep to evaluate masks on.
 *
 * @param marks where to mask, or everything
 */
export function maskedCopy(event: JsonValue, marks: Marks | 'everything', length: MaskLength): JsonValue {
  const isAllMasked = marks === 'everything' || marks.root
  const hide: Hide = (value) => maskScalar(value, length)
  if (!isContainer(event)) return isAllMasked ? hide(event) : event
  const root = { source: event, target: emptyLike(event), isMasked: isAllMasked }
  const frames: Frame[] = [root]
  for (let frame = frames.pop(); frame !== undefined; frame = frames.pop()) {
    for (const key of keysOf(frame.source)) {
      const isProtected = frame === root && isAlwaysClear(key)
      const isMarked = frame.isMasked || (marks !== 'everything' && marks.has(frame.source, key))
      copyChild(frame, key, isMarked && !isProtected ? hide : undefined, frames)
    }
  }
  return root.target
}

/** The three attributes of the envelope that every event has, in clear, wherever it is stored. */
function isAlwaysClear(key: Key): boolean {
  return key === 'id' || key === 'type' || key === 'timestamp'
}

/** @param hide where the child is masked */
function copyChild({ source, target }: Frame, key: Key, hide: Hide | undefined, frames: Frame[]): void {
  const value = childOf(source, key) ?? null
  if (!isContainer(value)) {
    put(target, key, hide === undefined ? value : hide(value))
    return
  }
  const copy = emptyLike(value)
  put(target, key, copy)
  frames.push({ source: value, target: copy, isMasked: hide !== undefined })
}

function maskScalar(value: Exclude<JsonValue, Container>, length: MaskLength): JsonValue {
  if (value === null) return null
  if (typeof value !== 'string') return '*'
  return '*'.repeat(length === 'fixed' ? FIXED_LENGTH : value.length)
}

function emptyLike(container: Container): Target {
  return isArray(container) ? [] : {}
}

function put(target: Target, key: Key, value: JsonValue): void {
  if (Array.isArray(target)) target.push(value)
  else setMember(target, String(key), value)
}
