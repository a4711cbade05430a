import type { EndpointName, Numbered, Told } from '../lines.ts'
import { type Call, isAbout, isOk, linesOf, mayCount } from '../picture/calls.ts'
import type { Picture } from '../picture/picture.ts'
import type { Judge, Rule } from './rule.ts'

const REGISTERED = 'UserEndpointRegisteredEvent'
const UNREGISTERED = 'UserEndpointUnregisteredEvent'

/** What one webhook was told of one endpoint. */
type Account = {
  newest: Numbered<Told> | undefined
  /** Different ones, by type. */
  readonly came: Map<string, number>
  readonly sequences: Set<number>
}

/** What surely happened, and what may have, by type and endpoint. */
type Happened = { surely: number; maybe: number; by: Numbered[] }

/** Sequences that may be repeated still. */
const REPEATED_MAX = 1000

export const WEBHOOKS_ARE_COMPLETE: Rule = {
  name: 'R10',
  title: 'webhooks are told of all that happened, once, and of each endpoint in order',
  watch(picture, judge) {
    const webhooks = picture.opening.webhooks ?? []
    const accounts = new Map(webhooks.map(({ name }) => [name, new Map<EndpointName, Account>()]))
    const happened = new Map<string, Happened>()
    /** Where so much happened that not all is kept. */
    const incomplete = new Set<string>()
    return {
      take({ number, line }) {
        if (line.kind === 'end' && picture.call !== undefined) note(picture.call, happened)
        if (line.kind !== 'told') return
        if (line.type === 'FeedGapEvent') incomplete.add(line.webhook)
        const account = accounts.get(line.webhook)
        if (account !== undefined && line.endpoint !== undefined)
          judgeOrder(judge, account, line.endpoint, { number, line })
      },
      finish() {
        for (const { name, types } of webhooks)
          judgeAll(picture, judge, accounts.get(name) ?? new Map(), happened, {
            types,
            isOpen: incomplete.has(name),
            organization: `${name.split('/')[0]}/`,
          })
      },
    }
  },
}

function judgeOrder(
  judge: Judge,
  accounts: Map<EndpointName, Account>,
  endpoint: EndpointName,
  told: Numbered<Told>,
) {
  const account = accounts.get(endpoint) ?? { newest: undefined, came: new Map(), sequences: new Set() }
  accounts.set(endpoint, account)
  const { sequence, type, webhook } = told.line
  if (account.sequences.has(sequence)) return
  account.sequences.add(sequence)
  if (account.sequences.size > REPEATED_MAX) account.sequences.delete([...account.sequences][0] ?? 0)
  account.came.set(type, (account.came.get(type) ?? 0) + 1)
  const { newest } = account
  if (newest !== undefined && sequence < newest.line.sequence)
    return judge.violated(`${webhook} was told of ${endpoint} out of order`, [newest, told])
  account.newest = told
  judge.holds()
}

/** A registration that was made for sure, an end that was: not those that may have been there, or gone, before. */
function note(call: Call, happened: Map<string, Happened>): void {
  const [one] = call.about
  if (one === undefined || !mayCount(call)) return
  const { endpoint } = one.life
  if (isAbout(call, 'register')) add(happened, REGISTERED, endpoint, isOk(call) && !one.mayLive, call)
  if (isAbout(call, 'unregister', 'kick')) add(happened, UNREGISTERED, endpoint, isOk(call), call)
  if (isAbout(call, 'revoke'))
    for (const { life } of call.about) add(happened, UNREGISTERED, life.endpoint, false, call)
}

function add(
  happened: Map<string, Happened>,
  type: string,
  endpoint: EndpointName,
  isSure: boolean,
  call: Call,
): void {
  const name = `${type} ${endpoint}`
  const known = happened.get(name) ?? { surely: 0, maybe: 0, by: [] }
  happened.set(name, known)
  known.maybe++
  if (!isSure) return
  known.surely++
  // The last few are enough to look at.
  known.by = [...known.by.slice(-4), ...linesOf(call)]
}

function judgeAll(
  { settled }: Picture,
  judge: Judge,
  accounts: ReadonlyMap<EndpointName, Account>,
  happened: ReadonlyMap<string, Happened>,
  webhook: { readonly types: readonly string[]; readonly organization: string; readonly isOpen: boolean },
): void {
  for (const [name, { surely, maybe, by }] of happened) {
    const [type = '', endpoint = ''] = name.split(' ')
    if (!webhook.types.includes(type) || !endpoint.startsWith(webhook.organization)) continue
    const account = accounts.get(endpoint)
    const came = account?.came.get(type) ?? 0
    if (came > maybe)
      judge.violated(`a webhook was told of ${came} times ${name}, and there were ${maybe}`, [
        account?.newest,
        ...by,
      ])
    else if (settled === undefined || webhook.isOpen) judge.open()
    else if (came >= surely) judge.holds()
    else
      judge.violated(`a webhook was told of ${came} of ${surely} times ${name}`, [
        ...by,
        account?.newest,
        settled,
      ])
  }
}
