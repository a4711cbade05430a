import { uuidMaker } from '../../../server/src/clock/clock.ts'
import { createDelivery, type Delivery } from '../../../server/src/delivery/delivery.ts'
import { createSealer } from '../../../server/src/masks/masks.ts'
import { Statistics } from '../../../server/src/observe/observe.ts'
import { createRegistrar } from '../../../server/src/registrar/registrar.ts'
import { openEmbeddedStore, type Rows } from '../../../server/src/store/embedded/embedded.ts'
import type { Registration } from '../../../server/src/store/store.ts'
import type { MortalFiles } from '../../helpers/memory-disk.ts'
import { noLimits } from '../../helpers/no-limits.ts'
import { tellingOutcomes } from '../../helpers/told-outcomes.ts'
import { openSmallRows, type SeeFiles } from '../disk.ts'
import { onExpired, onReminded } from './expiries.ts'
import type { Opened, Planted } from './service.ts'
import { MAILBOX_EVENTS_MAX, type Stage } from './stage.ts'

const LIMITS = {
  mailboxEventsMax: MAILBOX_EVENTS_MAX,
  mailboxBytesMax: 1e9,
  keepAliveSecondsMax: 86_400,
  endpointsPerUserMax: 100,
}

/** Starts the service on what is on the disk. */
export async function boot(stage: Stage, { plant, seeFiles }: Planted): Promise<void> {
  const { clock, random, tally } = stage
  const files = stage.disk.open()
  const { rows, store: opened } = await open(stage, seeFiles, files)
  const store = plant(opened, clock)
  const newId = uuidMaker(clock, random)
  const metrics = { reminderSent: () => void tally.reminders++, masksTook: () => undefined }
  const statistics = tellingOutcomes(new Statistics(clock.wallMs()), (outcome) => {
    if (outcome === 'expired') tally.outlived++
  })
  const common = { store, clock, newId, statistics, limits: LIMITS, log: { error: () => undefined } }
  const sealer = createSealer(Buffer.alloc(32, 7), random)
  const organizationOf = () => undefined
  const delivery = createDelivery({ ...common, sealer, metrics, organizationOf, quotas: noLimits() })
  const registrar = createRegistrar({ ...common, mayEvict: true, ...callsOf(stage, delivery) })
  const webhooks = stage.webhooks.open(store)
  stage.signIns.open(store)
  registrar.start()
  stage.service = { store, files, rows, registrar, delivery, webhooks }
}

function callsOf(stage: Stage, delivery: Delivery) {
  const ended = (registration: Registration) => delivery.endpointGone(registration, 'unregistered')
  return {
    onLapsed: delivery.entriesLapsed,
    onRegistered: delivery.endpointRegistered,
    onReminderDue: (registration: Registration) => onReminded(stage, registration),
    onExpired: (registration: Registration) => {
      onExpired(stage, registration)
      delivery.endpointGone(registration, 'expired')
    },
    onUnregistered: ended,
  }
}

/** Opening writes too, and a write takes simulated time: down until the very moment that it is open. */
async function open(stage: Stage, seeFiles: SeeFiles, files: MortalFiles): Promise<Opened> {
  const { clock } = stage
  const beganMs = clock.monotonicMs()
  let opened: (Opened & { readonly atMs: number }) | undefined
  openStore(stage, seeFiles, files).then(
    (store) => {
      opened = { ...store, atMs: clock.monotonicMs() }
    },
    (error: unknown) => stage.fail(error),
  )
  while (opened === undefined) {
    if (stage.violation !== undefined) throw stage.violation
    await clock.advance(5)
  }
  stage.wasDownFor(opened.atMs - beganMs)
  return opened
}

async function openStore(stage: Stage, seeFiles: SeeFiles, files: MortalFiles): Promise<Opened> {
  const { clock } = stage
  const rows = await openSmallRows(seeFiles(files), clock)
  const telling: Rows = {
    ...rows,
    commit: (changes) =>
      rows.commit(changes).catch((error: unknown) => {
        stage.onRefused()
        throw error
      }),
  }
  return { rows, store: await openEmbeddedStore({ rows: telling, clock }) }
}
