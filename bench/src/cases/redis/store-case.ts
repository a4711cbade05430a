import type { Lab, Subject } from '../../lab/lab.ts'
import type { SenderResult } from '../../load/messages.ts'
import { type Amounts, type Case, scaled } from '../case.ts'
import { STORE_MEASURES, storeFigures } from './throughput.ts'

type StoreCase = Pick<Case, 'name' | 'title'> & {
  /** At full scale. */
  readonly users: number
  /** Sends the work of one run; `users` are as many as it is scaled to. */
  readonly send: (lab: Lab, subject: Subject, amounts: Amounts, users: number) => Promise<SenderResult>
}

/** Work at full speed on Redis, and in a folder beside it. */
export function storeCase({ name, title, users, send }: StoreCase): Case {
  return {
    ...{ name, title },
    measures: STORE_MEASURES,
    hasReference: false,
    onRedis: 'too',
    isLong: false,
    users: (amounts) => scaled(users, amounts),
    run: async (lab, subject, amounts) =>
      storeFigures(await send(lab, subject, amounts, scaled(users, amounts))),
  }
}
