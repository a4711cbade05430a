import type { Message } from '@rollcall/client'
import { INSTANT_RULE, isEventType, isInstant } from '@rollcall/protocol/event'
import { eventTypeFault } from '@rollcall/protocol/event-type-fault'
import { ID_RULE, isId } from '@rollcall/protocol/id'
import { faultText, findJsonFault } from '@rollcall/protocol/json-fault'
import { isServerEventType, SENT_TYPE_RULE } from '@rollcall/protocol/lifecycle'
import {
  COLLAPSE_KEY_CHARACTERS_MAX,
  JSON_DEPTH_MAX,
  TTL_SECONDS_MAX,
  TTL_SECONDS_MIN,
} from '@rollcall/protocol/limits'
import type { EventDraft } from '../../api/api.ts'
import { isFields } from '../../api/parse.ts'
import { parseExactly } from './exact-json.ts'
import type { SendField, SendForm } from './form.ts'
import { maskLines } from './masks.ts'

/** What is wrong with a form: field → what was expected there. */
export type Faults = ReadonlyMap<SendField, string>

/** By the server's own rules, where the page can know them. */
export function faultsOf(form: SendForm): Faults {
  const found: readonly (readonly [SendField, string | undefined])[] = [
    ['userId', isId(form.userId) ? undefined : `Expected ${ID_RULE}.`],
    [
      'userEndpointId',
      form.userEndpointId === '' || isId(form.userEndpointId) ? undefined : `Expected ${ID_RULE}.`,
    ],
    ['type', typeFault(form.type)],
    [
      'timestamp',
      form.timing === 'now' || isInstant(form.timestamp) ? undefined : `Expected ${INSTANT_RULE}.`,
    ],
    ['attributes', attributesFault(form.attributes)],
    ['ttlSeconds', ttlFault(form.ttlSeconds)],
    ['collapseKey', collapseFault(form)],
  ]
  return new Map(found.filter((entry): entry is [SendField, string] => entry[1] !== undefined))
}

function typeFault(type: string): string | undefined {
  if (!isEventType(type)) return `It ${eventTypeFault(type)}.`
  return isServerEventType(type) ? `Expected one ${SENT_TYPE_RULE}.` : undefined
}

/** The event of a form without faults, as the device will get it but for its id. */
export function eventOf({ type, timing, timestamp, attributes }: SendForm, nowMs: number): EventDraft {
  return {
    type,
    timestamp: timing === 'now' ? new Date(nowMs).toISOString() : timestamp,
    ...attributesOf(attributes),
  }
}

/** What is sent for a form without faults. */
export function messageOf(form: SendForm, organizationId: string | undefined, nowMs: number): Message {
  const masks = maskLines(form.masks).map(({ text }) => text)
  const { userId, userEndpointId, collapseKey } = form
  return {
    userId,
    ...(organizationId === undefined ? {} : { organizationId }),
    ...(userEndpointId === '' ? {} : { userEndpointId }),
    event: eventOf(form, nowMs),
    ...(masks.length === 0 ? {} : { masks }),
    qos: form.qos === '1' ? 1 : 0,
    ...(waitsForAnswer(form) ? { waitFor: 'answered' as const } : {}),
    ...(form.ttlSeconds.trim() === '' ? {} : { ttlSeconds: Number(form.ttlSeconds) }),
    ...(collapseKey === '' ? {} : { collapseKey }),
  }
}

/** How long to wait for receipts, which only QoS 1 has; seconds. */
export function waitSecondsOf({ qos, waitSeconds }: SendForm): number {
  return qos === '1' ? Number(waitSeconds) : 0
}

/** Whether it is held until somebody has answered, not only until devices have it. */
export function waitsForAnswer(form: SendForm): boolean {
  return form.waitFor === 'answered' && waitSecondsOf(form) > 0
}

/** Members that have fields of their own, or are the server's to give. */
const RESERVED: ReadonlyMap<string, string> = new Map([
  ['type', '"type" has a field of its own.'],
  ['timestamp', '"timestamp" has a field of its own.'],
  ['id', '"id" is made by the server, a new one each time.'],
])

function attributesFault(text: string): string | undefined {
  if (text.trim() === '') return undefined
  // One level less than a body may have: the event stands inside one.
  const fault = findJsonFault(text, JSON_DEPTH_MAX - 1)
  if (fault !== undefined) return faultText(fault)
  const value = parseExactly(text)
  if (!isFields(value)) return 'Expected a JSON object: { … }'
  const reserved = Object.keys(value).find((name) => RESERVED.has(name))
  return reserved === undefined ? undefined : RESERVED.get(reserved)
}

function attributesOf(text: string): Readonly<Record<string, unknown>> {
  const value = text.trim() === '' ? {} : parseExactly(text)
  return isFields(value) ? value : {}
}

function ttlFault(text: string): string | undefined {
  if (text.trim() === '') return undefined
  const seconds = /^[0-9]+$/.test(text.trim()) ? Number(text) : Number.NaN
  if (seconds >= TTL_SECONDS_MIN && seconds <= TTL_SECONDS_MAX) return undefined
  return `Expected whole seconds, ${TTL_SECONDS_MIN} to ${TTL_SECONDS_MAX}, or nothing.`
}

function collapseFault({ collapseKey }: SendForm): string | undefined {
  if (collapseKey.length <= COLLAPSE_KEY_CHARACTERS_MAX) return undefined
  return `Expected at most ${COLLAPSE_KEY_CHARACTERS_MAX} characters.`
}
