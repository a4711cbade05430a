import { COUNTED_ENDPOINTS_RECEIVE } from './r01-counted-endpoints-receive.ts'
import { NOTHING_ELSE_ARRIVES } from './r02-nothing-else-arrives.ts'
import { IN_ORDER } from './r03-in-order.ts'
import { ACKNOWLEDGED_STAYS_AWAY } from './r04-acknowledged-stays-away.ts'
import { ONE_KEY_ONE_EVENT } from './r05-one-key-one-event.ts'
import { KEPT_ALIVE_IS_THERE } from './r06-kept-alive-is-there.ts'
import { EXPIRY_IS_NOT_LATE } from './r07-expiry-is-not-late.ts'
import { RECEIPTS_HAPPENED } from './r08-receipts-happened.ts'
import { ONE_WINNER } from './r09-one-winner.ts'
import { WEBHOOKS_ARE_COMPLETE } from './r10-webhooks-are-complete.ts'
import { ONE_LINK_GETS_EVENTS } from './r11-one-link-gets-events.ts'
import { REVOKED_IS_REFUSED } from './r12-revoked-is-refused.ts'
import { NOTHING_IS_LEFT_OVER } from './r13-nothing-is-left-over.ts'
import { DIRECTORY_IS_IN_FORCE } from './r14-directory-is-in-force.ts'
import type { Rule } from './rule.ts'

export const RULES: readonly Rule[] = [
  COUNTED_ENDPOINTS_RECEIVE,
  NOTHING_ELSE_ARRIVES,
  IN_ORDER,
  ACKNOWLEDGED_STAYS_AWAY,
  ONE_KEY_ONE_EVENT,
  KEPT_ALIVE_IS_THERE,
  EXPIRY_IS_NOT_LATE,
  RECEIPTS_HAPPENED,
  ONE_WINNER,
  WEBHOOKS_ARE_COMPLETE,
  ONE_LINK_GETS_EVENTS,
  REVOKED_IS_REFUSED,
  NOTHING_IS_LEFT_OVER,
  DIRECTORY_IS_IN_FORCE,
]
