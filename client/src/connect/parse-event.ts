import type { Event } from '@rollcall/protocol/event'
import { isObject } from '../answers.ts'

/** Reads a payload: a JSON object with the three members that every event has. */
export function parseEvent(payload: Uint8Array): Event | undefined {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload))
  } catch {
    return undefined
  }
  return isEvent(value) ? value : undefined
}

function isEvent(value: unknown): value is Event {
  return isObject(value) && ['id', 'type', 'timestamp'].every((name) => typeof value[name] === 'string')
}
