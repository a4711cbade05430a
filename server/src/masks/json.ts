import type { JsonArray, JsonObject, JsonValue } from '../parse/parse.ts'

export type { JsonArray, JsonObject, JsonValue } from '../parse/parse.ts'
export type Container = JsonArray | JsonObject

/** A key of an object or an index of an array. */
export type Key = string | number

export function isArray(value: JsonValue): value is JsonArray {
  return Array.isArray(value)
}

export function isContainer(value: JsonValue): value is Container {
  return typeof value === 'object' && value !== null
}

export function isObject(value: JsonValue): value is JsonObject {
  return isContainer(value) && !isArray(value)
}

/** The member `key`, `undefined` where the object has none of its own: prototypes are never looked at. */
export function member(object: JsonObject, key: string): JsonValue | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined
}

/** The keys of an object, the indexes of an array. */
export function keysOf(container: Container): Iterable<Key> {
  return isArray(container) ? container.keys() : Object.keys(container)
}

/** What a container has under a key of its own kind, `undefined` where it has nothing there. */
export function childOf(container: Container, key: Key): JsonValue | undefined {
  if (isArray(container)) return typeof key === 'number' ? container[key] : undefined
  return typeof key === 'string' ? member(container, key) : undefined
}

/** Sets an own member, also one named `__proto__`, which an assignment would make the prototype. */
export function setMember(object: { [key: string]: JsonValue }, key: string, value: JsonValue): void {
  if (key !== '__proto__') {
    object[key] = value
    return
  }
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })
}

/** Tells whether a value lies more than `depthMax` levels below `value`. Recurses to that depth and no further. */
export function isDeeperThan(value: JsonValue, depthMax: number): boolean {
  if (depthMax < 0) return true
  if (!isContainer(value)) return false
  for (const key of keysOf(value)) {
    if (isDeeperThan(childOf(value, key) ?? null, depthMax - 1)) return true
  }
  return false
}
