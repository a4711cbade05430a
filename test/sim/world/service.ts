import type { Clock } from '../../../server/src/clock/clock.ts'
import type { Delivery } from '../../../server/src/delivery/delivery.ts'
import type { Registrar } from '../../../server/src/registrar/registrar.ts'
import type { Rows } from '../../../server/src/store/embedded/embedded.ts'
import type { Store } from '../../../server/src/store/store.ts'
import type { Webhooks } from '../../../server/src/webhooks/webhooks.ts'
import type { MortalFiles } from '../../helpers/memory-disk.ts'
import type { SeeFiles } from '../disk.ts'

/** Puts a fault into a store, to see that it is found. */
export type Plant = (store: Store, clock: Clock) => Store

/** What is put into each life of the process. */
export type Planted = { readonly plant: Plant; readonly seeFiles: SeeFiles }

export type Opened = { readonly store: Store; readonly rows: Rows }

/** The service of one process's life: the real registrar, delivery and store engine. */
export type Service = Opened & {
  readonly files: MortalFiles
  readonly registrar: Registrar
  readonly delivery: Delivery
  readonly webhooks: Webhooks
}
