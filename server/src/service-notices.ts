import type { Notice } from '@rollcall/protocol/notices'
import type { Cluster } from './cluster/cluster.ts'

/** @param organizationId `null`: of all of them */
type Reader = { read(organizationId: string | null): Promise<readonly Notice[]> }

/** How long another process has to say what is wrong with it, milliseconds. */
const WITHIN_MS = 1_000

/**
 * What is wrong at any process of the service: a store that one cannot write, a webhook that the one fails to reach that sends
 * to it, mailboxes that were full for events that came to another.
 */
export function noticesOfAll({ requests }: Pick<Cluster, 'requests'>, own: Reader): Reader {
  requests.answer('notices', async (question) =>
    Buffer.from(JSON.stringify(await own.read(JSON.parse(Buffer.from(question).toString())))),
  )
  return {
    async read(organizationId) {
      const question = Buffer.from(JSON.stringify(organizationId))
      const [here, { answers }] = await Promise.all([
        own.read(organizationId),
        requests.gather('notices', question, WITHIN_MS),
      ])
      const elsewhere = [...answers.values()].map((answer) => JSON.parse(Buffer.from(answer).toString()))
      return elsewhere.length === 0 ? here : merged([here, ...elsewhere])
    },
  }
}

/** Each once, in the order in which one process tells them: the worst first. */
function merged(lists: readonly (readonly Notice[])[]): readonly Notice[] {
  const byName = new Map<string, Notice>()
  for (const notice of lists.flat()) {
    const name = nameOf(notice)
    const known = byName.get(name)
    byName.set(name, known === undefined ? notice : both(known, notice))
  }
  return [...byName.values()]
}

function nameOf(notice: Notice): string {
  return 'webhookId' in notice ? `${notice.kind}/${notice.organizationId}/${notice.webhookId}` : notice.kind
}

function both(one: Notice, other: Notice): Notice {
  // What each has counted for itself.
  if ((one.kind === 'mailboxes_full' || one.kind === 'expiries_late') && 'count' in other)
    return { ...one, count: one.count + other.count }
  if (one.kind === 'certificate_ends' && 'at' in other && other.at < one.at) return other
  return one
}
