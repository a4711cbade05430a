import type { Webhook } from '../../api/api.ts'
import type { BadgeTone } from '../../ui/badge.tsx'

/** How a webhook is doing, in one word. */
export type Health = { readonly word: 'Working' | 'Failing' | 'Disabled' | 'Idle'; readonly tone: BadgeTone }

/** By the last attempt since the server started; a webhook that was not needed yet is idle. */
export function healthOf({ enabled, lastSuccessAt, lastFailureAt }: Webhook): Health {
  if (!enabled) return { word: 'Disabled', tone: 'neutral' }
  if (isAfter(lastFailureAt, lastSuccessAt)) return { word: 'Failing', tone: 'bad' }
  if (lastSuccessAt !== undefined) return { word: 'Working', tone: 'good' }
  return { word: 'Idle', tone: 'neutral' }
}

/** A code of a failure as a sentence says it, after `the receiver`; one that is not known stays as it is. */
export function failureInWords(code: string): string {
  const status = /^status_(\d{3})$/.exec(code)?.[1]
  if (status !== undefined) return `answered ${status}`
  return WORDS.get(code) ?? code
}

const WORDS: ReadonlyMap<string, string> = new Map([
  ['timeout', 'did not answer within 10 s'],
  ['address_refused', 'has an address that this server may not connect to'],
  ['name_not_resolved', 'has a host name without an address'],
  ['connection_refused', 'refused the connection'],
  ['connection_failed', 'dropped the connection'],
  ['certificate_refused', 'showed a certificate that is not trusted'],
  ['bad_answer', 'answered with something that is not HTTP'],
])

/** Instants in ISO-8601 with the same number of digits sort as texts do, but who knows what a server sends. */
function isAfter(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined) return false
  return other === undefined || Date.parse(one) > Date.parse(other)
}
