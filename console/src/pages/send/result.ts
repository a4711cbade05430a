import type { Receipt } from '@rollcall/client'
import type { SendForm } from './form.ts'
import { waitsForAnswer } from './message.ts'

/** What became of a sent event, in one sentence, and whether that is what one hoped for. */
export type Result = { readonly tone: 'success' | 'warning'; readonly sentence: string }

export function resultOf(receipt: Receipt, form: SendForm): Result {
  const { count, connected, acknowledged, answeredBy } = receipt
  if (count === 0) return { tone: 'warning', sentence: nobody(form) }
  const accepted = `Accepted for ${devices(count)}`
  if (answeredBy !== undefined)
    return { tone: 'success', sentence: `Answered by ${answeredBy}. ${accepted}.` }
  if (connected !== undefined && waitsForAnswer(form))
    return {
      tone: 'warning',
      sentence: `Nobody answered in time. ${accepted}: ${connected} connected, ${acknowledged ?? 0} acknowledged.`,
    }
  if (connected !== undefined && acknowledged !== undefined)
    return {
      tone: acknowledged > 0 ? 'success' : 'warning',
      sentence: `${accepted}: ${connected} connected, ${acknowledged} acknowledged in time.`,
    }
  if (form.qos === '0')
    return { tone: 'success', sentence: `${accepted}: sent at once to those of them that are connected.` }
  return { tone: 'success', sentence: `${accepted}: kept until acknowledged.` }
}

function nobody({ userId, userEndpointId }: SendForm): string {
  if (userEndpointId === '') return `Nobody is registered as ${userId}: nothing was sent.`
  return `${userId} has no device ${userEndpointId} registered now: nothing was sent.`
}

function devices(count: number): string {
  return count === 1 ? '1 device' : `${count} devices`
}
