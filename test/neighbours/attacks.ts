import type { Attack } from './attack.ts'
import { attack as audit } from './attacks/audit.ts'
import { attack as collapse } from './attacks/collapse.ts'
import { attack as connections } from './attacks/connections.ts'
import { attack as connects } from './attacks/connects.ts'
import { attack as flapping } from './attacks/flapping.ts'
import { attack as forged } from './attacks/forged.ts'
import { attack as history } from './attacks/history.ts'
import { attack as idempotency } from './attacks/idempotency.ts'
import { links, sockets, unfinished } from './attacks/links.ts'
import { attack as masks } from './attacks/masks.ts'
import { eviction, lockOut, parallel, publicClient } from './attacks/passwords.ts'
import { attack as presence } from './attacks/presence.ts'
import { attack as revocations } from './attacks/revocations.ts'
import { attack as signIns } from './attacks/sign-ins.ts'
import { attack as subscribe } from './attacks/subscribe.ts'
import { anonymous, attack as unread } from './attacks/unread.ts'
import { bulk, waiters } from './attacks/waiters.ts'

/** Every neighbour. */
export const ATTACKS: readonly Attack[] = [
  masks,
  presence,
  subscribe,
  unread,
  anonymous,
  forged,
  connections,
  connects,
  collapse,
  history,
  revocations,
  signIns,
  links,
  unfinished,
  sockets,
  waiters,
  bulk,
  idempotency,
  flapping,
  audit,
  parallel,
  lockOut,
  publicClient,
  eviction,
]
