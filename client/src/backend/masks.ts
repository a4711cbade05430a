import type { MasksPreview } from '@rollcall/protocol/command'
import { object } from '../answers.ts'
import { parseJsonAnswer } from '../refusal.ts'
import type { Call } from './call.ts'

type Attributes = MasksPreview['event']

/** Asks how an event would be stored. */
export async function previewMasks(
  call: Call,
  event: Attributes,
  masks: readonly string[],
  signal: AbortSignal | undefined,
): Promise<Attributes> {
  const body = JSON.stringify({ event, masks })
  const response = await call('/rtc-api/masks/preview', { method: 'POST', body }, { signal })
  return object(object(await parseJsonAnswer(response), 'the preview')['event'], 'the event')
}
