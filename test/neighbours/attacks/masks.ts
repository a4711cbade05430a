import type { Attack } from '../attack.ts'
import { NO_BILL, NO_TURNS } from '../plants.ts'
import { flood, statusOf } from '../tools.ts'

/** Near the bound of an event, and as costly to search as its size allows. */
const LIST = Array.from({ length: 1_200 }, (_, index) => ({ n: index, text: 'x'.repeat(30) }))
const MASKS = Array.from({ length: 32 }, (_, index) => {
  const pattern = `(x|xx|${index})*x?x?y`
  return index % 2 === 0
    ? `$..list[0:10000:1][?(@.text =~ /${pattern}/ || @.text =~ /${pattern}z/ || @.n > ${index})]`
    : `$..list[?(@.text =~ /${pattern}a/ || @.text =~ /a${pattern}/ || @.text =~ /b${pattern}/)]`
})

/** Events whose masks cost as much as masks can, forty at a time. */
export const attack: Attack = {
  name: 'masks',
  protects: 'masks that are dear to evaluate hold up their own caller',
  isMeasured: true,
  without: { env: NO_BILL, plants: [NO_TURNS] },
  async run(target, signal) {
    const { token } = target.mallory
    const event = { type: 'CallOfferedEvent', timestamp: '2026-01-01T12:00:00Z', list: LIST }
    const cancelling = { event: { ...event, type: 'CallCancelledEvent' } }
    const body = { userId: 'mallory', qos: 1, event, masks: MASKS, cancelOthers: cancelling }
    await statusOf(target, token, 'POST /rtc-api/users/endpoints/register', { keepAliveSeconds: 600 })
    return flood(40, signal, () => statusOf(target, token, 'POST /rtc-api/users/endpoints/sendEvent', body))
  },
}
