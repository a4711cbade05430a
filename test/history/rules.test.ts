import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Operation } from './lines.ts'
import { atOnce, PHONE, Story, send, TAB } from './story.ts'

type Case = readonly [what: string, story: Story, violated?: RegExp]

/** What the checker says of a story, of one rule. */
function sayOf(rule: string, story: Story): readonly string[] {
  return story.judge().violations.flatMap((one) => (one.rule === rule ? [one.text] : []))
}

/** Each story holds, or breaks the rule by the smallest thing, and no other. */
function judges(rule: string, cases: readonly Case[]): void {
  describe(`${rule} of the checker`, () => {
    for (const [what, story, violated] of cases)
      it(`${violated === undefined ? 'takes' : 'finds'} ${what}`, () => {
        const verdict = story.judge()
        const texts = verdict.violations.map((one) => `${one.rule}: ${one.text}`)
        if (violated === undefined) assert.deepEqual(texts, [])
        else {
          assert.match(sayOf(rule, story).join('\n'), violated)
          assert.deepEqual(
            texts.filter((text) => !text.startsWith(`${rule}: `)),
            [],
          )
          assert.ok(
            verdict.violations.every(({ lines }) => lines.length > 0),
            'lines that show it',
          )
        }
      })
  })
}

const phone = () => new Story().present(PHONE)
const both = () => new Story().present(PHONE, TAB)
const REGISTER = { op: 'register', endpoint: PHONE, keepAliveSeconds: 3600 } as const
const NEVER = /acme\/alice\/phone never got one, which was promised to it/

const KICK = { op: 'kick', endpoint: PHONE } as const
/** Over a second link. */
const B = { link: 'b' } as const
const REVOKE_ALL = { op: 'revoke', user: 'acme/alice' } as const

/** Somebody registers and is signed out for good while a sender waits for receipts. */
function goneWhileAwaited(count: number): Story {
  const story = new Story()
  const waiting = story.begin(send('one'))
  story.ok(REGISTER).linked(PHONE).got('one').ok(REVOKE_ALL)
  return story.end(waiting, { outcome: 'ok', count, acknowledged: 0 })
}

judges('R1', [
  ['a count of somebody who came and went while it was waited for', goneWhileAwaited(1)],
  [
    'a count of two where one came and went',
    goneWhileAwaited(2),
    /counted for 2 endpoints, and there can be 1/,
  ],
  [
    'a repeated answer of when others were there',
    both().sent('one', { key: 'k' }, { count: 2 }).ok(REVOKE_ALL).sent('one', { key: 'k' }, { count: 2 }),
  ],
  [
    'what is owed by the answer of a repetition',
    phone()
      .unknown(send('one', { key: 'k' }))
      .sent('one', { key: 'k' })
      .settled(),
    NEVER,
  ],
  [
    'what was sent under a key that somebody else’s event may have had before',
    both()
      .unknown(send('one', { key: 'k', endpoint: TAB }))
      .sent('two', { key: 'k', endpoint: PHONE })
      .got('two')
      .settled(),
  ],
  [
    'who came between an event and the repetition that was answered',
    new Story()
      .unknown(send('one', { key: 'k' }))
      .present(PHONE)
      .sent('one', { key: 'k' }, { count: 0 })
      .settled(),
  ],
  [
    'a lifetime that was over since the first time',
    phone()
      .unknown(send('one', { key: 'k', lifetimeMs: 3000 }))
      .at(2500)
      .sent('one', { key: 'k', lifetimeMs: 3000 })
      .at(3500)
      .add({ kind: 'settled' }),
  ],
  [
    'what a newer one replaced before it was asked for again',
    phone()
      .unknown(send('one', { key: 'k', collapseKey: 'c' }))
      .sent('two', { collapseKey: 'c' })
      .sent('one', { key: 'k', collapseKey: 'c' })
      .got('two')
      .settled(),
  ],
  [
    'an event that every counted endpoint got',
    both().sent('one', {}, { count: 2 }).got('one').got('one', TAB).settled(),
  ],
  [
    'an event that a counted endpoint never got',
    both().sent('one', {}, { count: 2 }).got('one', TAB).settled(),
    NEVER,
  ],
  [
    'more that were counted than there are',
    phone().sent('one', {}, { count: 2 }).got('one'),
    /counted for 2 endpoints, and there can be 1/,
  ],
  ['an event of unknown outcome that never came', phone().unknown(send('one')).settled()],
  ['one that comes all the same', phone().unknown(send('one')).got('one').settled()],
  ['what was sent at QoS 0 and is lost', phone().sent('one', { qos: 0 }).settled()],
  ['who has no link in the end', new Story().registered(PHONE).sent('one').settled()],
  [
    'who has had a link for a moment only',
    new Story().registered(PHONE).sent('one').at(9000).linked(PHONE).at(10_000).add({ kind: 'settled' }),
  ],
  ['a history that has no end', phone().sent('one')],
  [
    'one that unregistered meanwhile',
    phone().sent('one').ok({ op: 'unregister', endpoint: PHONE }).ok(REGISTER).linked(PHONE, 'b').settled(),
  ],
  [
    'one whose unregister has no answer',
    phone().sent('one').unknown({ op: 'unregister', endpoint: PHONE }).settled(),
  ],
  [
    'an unregister that was surely refused',
    phone().sent('one').refused({ op: 'unregister', endpoint: PHONE }, 'unavailable').settled(),
    NEVER,
  ],
  [
    'one that may have expired and registered anew',
    new Story().registered(PHONE, 1).sent('one').at(3000).ok(REGISTER).linked(PHONE).settled(),
  ],
  [
    'one that was kept alive',
    new Story().registered(PHONE, 1).sent('one').at(500).ok(REGISTER).linked(PHONE).settled(),
    NEVER,
  ],
  ['a lifetime that is over', phone().sent('one', { lifetimeMs: 1000 }).settled()],
  ['a lifetime that is not over', phone().sent('one', { lifetimeMs: 60_000 }).settled(), NEVER],
  [
    'a lifetime while a clock jumped',
    phone().sent('one', { lifetimeMs: 60_000 }).fault('clock_jumped', 200, 200).settled(),
  ],
  [
    'one that a newer one replaced',
    phone().sent('one', { collapseKey: 'k' }).sent('two', { collapseKey: 'k' }).got('two').settled(),
  ],
  [
    'one that an unknown newer one may have replaced',
    phone()
      .sent('one', { collapseKey: 'k' })
      .unknown(send('two', { collapseKey: 'k' }))
      .settled(),
  ],
  [
    'one that only another sender’s could have replaced',
    phone()
      .sent('two', { collapseKey: 'k', by: 'acme/other' })
      .got('two')
      .sent('one', { collapseKey: 'k' })
      .settled(),
    NEVER,
  ],
  [
    'one that an older one cannot have replaced',
    phone().sent('old', { collapseKey: 'k' }).sent('one', { collapseKey: 'k' }).got('old').settled(),
    NEVER,
  ],
  [
    'a copy that was taken away as another was first',
    both()
      .sent('one', { cancelOthers: { on: 'acknowledged', eventId: 'over' } }, { count: 2 })
      .got('one', TAB)
      .took('one', TAB)
      .got('over')
      .settled(),
  ],
  [
    'a mailbox that may have been full',
    new Story({ settings: { mailboxEventsMax: 2 } })
      .present(PHONE)
      .unknown(send('a'))
      .unknown(send('b'))
      .sent('one', {}, { count: 0 })
      .settled(),
  ],
  ['what was lost though a node died', phone().sent('one').fault('node_died', 200, 300).settled(), NEVER],
  [
    'what was lost as messages of nodes were',
    phone().sent('one').fault('messages_lost', 200, 300).settled(),
    NEVER,
  ],
])

judges('R2', [
  ['an event as it was sent', phone().sent('one', { digest: 'd' }).got('one', PHONE, { digest: 'd' })],
  ['an event that nobody sent', phone().got('one'), /which nobody had sent/],
  ['an event that came before it was sent', phone().got('one').sent('one'), /which nobody had sent/],
  [
    'an event that was refused',
    phone().refused(send('one'), 'forbidden').got('one'),
    /though it was refused/,
  ],
  ['one of unknown outcome', phone().unknown(send('one')).got('one')],
  [
    'an event of another user',
    phone().sent('one', { to: 'acme/bob' }, { count: 0 }).got('one'),
    /for somebody else/,
  ],
  [
    'an event of another endpoint',
    both().sent('one', { endpoint: TAB }).got('one', TAB).got('one'),
    /for somebody else/,
  ],
  [
    'an event of another organization’s namesake',
    phone().sent('one', { to: 'globex/alice', by: 'globex/b' }, { count: 0 }).got('one'),
    /for somebody else/,
  ],
  [
    'bytes that are not those that were sent',
    phone().sent('one', { digest: 'd' }).got('one', PHONE, { digest: 'e' }),
    /altered/,
  ],
  ['bytes that nobody looked at', phone().sent('one', { digest: 'd' }).got('one')],
  ['QoS 1 of what was sent at QoS 0', phone().sent('one', { qos: 0 }).got('one'), /at QoS 1 instead of 0/],
  [
    'an event within its lifetime, and on its way',
    phone().sent('one', { lifetimeMs: 1000 }).at(3000).got('one'),
  ],
  [
    'an event long after its lifetime',
    phone().sent('one', { lifetimeMs: 1000 }).at(4000).got('one'),
    /after its lifetime/,
  ],
  [
    'one from a node that stood still with it',
    phone().sent('one', { lifetimeMs: 1000 }).fault('node_froze', 500, 3900).at(4000).got('one'),
  ],
  [
    'one that may have been accepted late',
    phone()
      .unknown(send('one', { lifetimeMs: 1000 }))
      .at(50_000)
      .got('one'),
  ],
  [
    'one while clocks differ',
    new Story({ settings: { clockSkewMs: 5000 } })
      .present(PHONE)
      .sent('one', { lifetimeMs: 1000 })
      .at(8000)
      .got('one'),
  ],
])

judges('R3', [
  ['events in the order in which they were sent', phone().sent('one').sent('two').got('one').got('two')],
  [
    'a later one before an earlier one',
    phone().sent('one').sent('two').got('two').got('one'),
    /got two before one/,
  ],
  ['a later one without the earlier one', phone().sent('one').sent('two').got('two'), /got two before one/],
  ['an order that nobody promised', atOnce()],
  [
    'one that overtakes at QoS 0',
    phone().sent('one').sent('two', { qos: 0 }).got('two', PHONE, { qos: 0 }).got('one'),
  ],
  ['an unknown one that comes later', phone().unknown(send('one')).sent('two').got('two').got('one')],
  [
    'an earlier one again after a later one',
    phone().sent('one').sent('two').got('one').got('two').linked(PHONE, 'b').got('one', PHONE, { link: 'b' }),
  ],
  [
    'one that a former link had of a former mailbox',
    phone()
      .sent('one')
      .ok(KICK)
      .registered(PHONE)
      .linked(PHONE, 'b')
      .sent('two')
      .got('two', PHONE, B)
      .got('one'),
  ],
  [
    'a later one before an earlier one, long after a registration that ended',
    phone().ok(KICK).present(PHONE).sent('one').sent('two').got('two').got('one'),
    /got two before one/,
  ],
  [
    'one that a newer one replaced',
    phone().sent('one', { collapseKey: 'k' }).sent('two', { collapseKey: 'k' }).got('two'),
  ],
])

const again = (story: Story) => story.linked(PHONE, 'b').got('one', PHONE, { link: 'b' })
judges('R4', [
  [
    'what was acknowledged by a request that nobody answered',
    phone()
      .sent('one')
      .got('one')
      .took('one', PHONE, { isUnsure: true })
      .at(5000)
      .linked(PHONE, 'b')
      .got('one', PHONE, { link: 'b' }),
  ],
  [
    'what was acknowledged by a request that was answered',
    phone()
      .sent('one')
      .got('one')
      .took('one', PHONE, { isUnsure: true })
      .took('one', PHONE, { isHeard: true })
      .at(5000)
      .linked(PHONE, 'b')
      .got('one', PHONE, { link: 'b' }),
    /after it had acknowledged it/,
  ],
  ['what was not acknowledged, again', again(phone().sent('one').got('one').at(9000))],
  [
    'what was acknowledged a moment ago, again',
    again(phone().sent('one').got('one').at(8000).took('one').at(8900)),
  ],
  [
    'what was acknowledged long ago, again',
    again(phone().sent('one').got('one').at(7000).took('one').at(9000)),
    /again, 2010 ms after it had acknowledged/,
  ],
  [
    'a PUBACK that was lost with its link',
    again(
      phone().sent('one').got('one').at(7000).took('one').add({ kind: 'link_down', link: PHONE }).at(9000),
    ),
  ],
  [
    'a PUBACK that was heard before its link went',
    again(
      phone()
        .sent('one')
        .got('one')
        .at(7000)
        .took('one', PHONE, { isHeard: true })
        .add({ kind: 'link_down', link: PHONE })
        .at(9000),
    ),
    /had acknowledged/,
  ],
  [
    'a fault within the second',
    again(phone().sent('one').got('one').at(7000).took('one').fault('node_died', 7900, 7990).at(9000)),
  ],
  [
    'a fault of before',
    again(
      phone().fault('node_died', 3000, 3100).at(6000).sent('one').got('one').at(7000).took('one').at(9000),
    ),
    /had acknowledged/,
  ],
  [
    'a fault that came too late',
    again(phone().sent('one').got('one').at(7000).took('one').fault('store_failed', 8100, 8200).at(9000)),
    /had acknowledged/,
  ],
  ['the same twice over one link', phone().sent('one').got('one').got('one'), /over the same link/],
  ['the same after another SUBSCRIBE', phone().sent('one').got('one').linked(PHONE).got('one')],
  [
    'an event that was sent twice',
    again(phone().sent('one').sent('one').got('one').at(7000).took('one').at(9000)),
  ],
  [
    'an event that was sent twice under one key',
    again(
      phone().sent('one', { key: 'k' }).sent('one', { key: 'k' }).got('one').at(7000).took('one').at(9000),
    ),
    /had acknowledged/,
  ],
  [
    'QoS 0 twice',
    phone().sent('one', { qos: 0 }).got('one', PHONE, { qos: 0 }).got('one', PHONE, { qos: 0 }),
    /again, at QoS 0/,
  ],
  [
    'QoS 1 on a link at QoS 0, once more later',
    new Story()
      .registered(PHONE)
      .linked(PHONE, PHONE, { qos: 0 })
      .sent('one')
      .got('one', PHONE, { qos: 0 })
      .at(9000)
      .linked(PHONE, 'b')
      .got('one', PHONE, { link: 'b' }),
    /had acknowledged/,
  ],
])

const K = { key: 'k' }
judges('R5', [
  ['the first answer again', phone().sent('one', K).sent('two', K, { count: 1, eventId: 'one' }).got('one')],
  [
    'another event under the same key',
    phone().sent('one', K).got('one').sent('two', K),
    /answered with one for 1, and was answered with two/,
  ],
  [
    'another count',
    phone()
      .unknown({ ...REGISTER, endpoint: TAB })
      .sent('one', K, { count: 2 })
      .got('one')
      .sent('one', K),
    /for 2, and was answered with one for 1/,
  ],
  [
    'two events of which nobody was told',
    phone().unknown(send('one', K)).unknown(send('two', K)).got('one').got('two'),
    /sent one, and sent two/,
  ],
  [
    'an event that is not the one answered',
    phone().unknown(send('one', K)).sent('two', K, { count: 1, eventId: 'two' }).got('one'),
    /was answered with two for 1, and sent one/,
  ],
  [
    'the key of somebody else',
    phone()
      .sent('one', K)
      .sent('two', { ...K, by: 'acme/other' })
      .got('one')
      .got('two'),
  ],
  [
    'a refusal, which is not remembered',
    phone().refused(send('one', K), 'rate_limited').sent('two', K).got('two'),
  ],
  [
    'another event after ten minutes',
    phone().sent('one', K).got('one').at(600_100).sent('two', K).got('two'),
  ],
  [
    'another event a moment before',
    phone().sent('one', K).got('one').at(599_900).sent('two', K).got('two'),
    /and was answered with two/,
  ],
  [
    'an event that came long after its key',
    new Story()
      .registered(PHONE)
      .sent('one', K)
      .at(700_000)
      .sent('two', K)
      .linked(PHONE)
      .got('one')
      .got('two'),
  ],
  [
    'QoS 0 after a fault',
    phone()
      .sent('one', { ...K, qos: 0 })
      .fault('node_died', 300, 400)
      .at(500)
      .sent('two', { ...K, qos: 0 }),
  ],
  [
    'QoS 1 after a fault',
    phone().sent('one', K).got('one').fault('node_died', 300, 400).at(500).sent('two', K),
    /and was answered with two/,
  ],
])

const KEEPALIVE = { op: 'keepalive', endpoint: PHONE } as const
const short = () => new Story().registered(PHONE, 10)
/** A phone of which nobody had heard comes while its user is being signed out. */
function cameWhileRevoked(outcome: 'ok' | 'unknown'): Story {
  const story = new Story()
  const revoking = story.begin(REVOKE_ALL)
  if (outcome === 'unknown') story.end(revoking, { outcome })
  story.ok(REGISTER)
  if (outcome === 'ok') story.end(revoking, { outcome })
  return story.refused(KEEPALIVE, 'endpoint_unknown')
}

/** What is answered after the end of its registration may have been carried out before that. */
function carriedOutBefore(operation: Operation, ending: Operation): Story {
  const story = short()
  const ends = story.begin(ending)
  const call = story.begin(operation)
  story.end(ends, { outcome: 'ok' }).end(call, { outcome: 'ok' })
  return story.refused(KEEPALIVE, 'endpoint_unknown').sent('one', {}, { count: 0 })
}

judges('R6', [
  ['a keepalive answered after the revocation that came next', carriedOutBefore(KEEPALIVE, REVOKE_ALL)],
  ['a registration answered after the kick that came next', carriedOutBefore(REGISTER, KICK)],
  [
    'who was kept alive as soon as a revocation that came before was answered',
    new Story().ok(REVOKE_ALL).ok(REGISTER).ok(KEEPALIVE).refused(KEEPALIVE, 'endpoint_unknown'),
    /told to be unknown in its period/,
  ],
  ['who came while its user was being revoked', cameWhileRevoked('ok')],
  ['who came after a revocation that may take effect late', cameWhileRevoked('unknown')],
  [
    'who came after a revocation',
    new Story().ok(REVOKE_ALL).ok(REGISTER).refused(KEEPALIVE, 'endpoint_unknown'),
    /told to be unknown in its period/,
  ],
  [
    'whom only the first of two calls under one key could count',
    new Story()
      .sent('one', { key: 'k' }, { count: 0 })
      .present(PHONE)
      .sent('one', { key: 'k' }, { count: 0 }),
  ],
  [
    'whom neither of two calls under one key counted',
    short()
      .unknown(send('one', { key: 'k' }))
      .sent('one', { key: 'k' }, { count: 0 }),
    /counted for 0 of 1 that live/,
  ],
  ['who is kept alive', short().at(9000).ok(KEEPALIVE).at(18_000).ok(KEEPALIVE)],
  [
    'who is refused in its period',
    short().at(9000).refused(KEEPALIVE, 'endpoint_unknown'),
    /told to be unknown in its period/,
  ],
  ['who is refused after its period', short().at(10_100).refused(KEEPALIVE, 'endpoint_unknown')],
  [
    'who is refused in the period of a keepalive',
    short().at(9000).ok(KEEPALIVE).at(18_000).refused(KEEPALIVE, 'endpoint_unknown'),
    /told to be unknown/,
  ],
  [
    'an unknown keepalive, which gives no time',
    short().at(9000).unknown(KEEPALIVE).at(11_000).refused(KEEPALIVE, 'endpoint_unknown'),
  ],
  [
    'who is missing in a look',
    short().at(5000).ok({ op: 'look', endpoint: PHONE }, { present: false }),
    /told to be unknown/,
  ],
  [
    'who is missing in a count',
    short().at(5000).sent('one', {}, { count: 0 }),
    /counted for 0 of 1 that live/,
  ],
  [
    'who may have had no room',
    new Story({ settings: { mailboxEventsMax: 1 } })
      .registered(PHONE)
      .sent('a')
      .sent('one', {}, { count: 0 }),
  ],
  [
    'who expires early',
    short().at(9990).add({ kind: 'expired', endpoint: PHONE }),
    /expired 20 ms before its time/,
  ],
  ['who expires in time', short().at(10_100).add({ kind: 'expired', endpoint: PHONE })],
  [
    'who unregistered',
    short().ok({ op: 'unregister', endpoint: PHONE }).refused(KEEPALIVE, 'endpoint_unknown'),
  ],
  [
    'whose unregister has no answer',
    short().unknown({ op: 'unregister', endpoint: PHONE }).refused(KEEPALIVE, 'endpoint_unknown'),
  ],
  [
    'whom an administrator kicked',
    short().ok({ op: 'kick', endpoint: PHONE }).refused(KEEPALIVE, 'endpoint_unknown'),
  ],
  [
    'whose user was revoked',
    short().ok({ op: 'revoke', user: 'acme/alice' }).refused(KEEPALIVE, 'endpoint_unknown'),
  ],
  [
    'who gave itself less time',
    short()
      .ok({ ...REGISTER, keepAliveSeconds: 1 })
      .at(2000)
      .refused(KEEPALIVE, 'endpoint_unknown'),
  ],
  [
    'who may have given itself less time',
    short()
      .unknown({ ...REGISTER, keepAliveSeconds: 1 })
      .at(2000)
      .refused(KEEPALIVE, 'endpoint_unknown'),
  ],
  [
    'who made room for too many',
    new Story({ settings: { endpointsPerUserMax: 1 } })
      .registered(PHONE)
      .registered(TAB)
      .refused(KEEPALIVE, 'endpoint_unknown'),
  ],
  [
    'a fault, which expires nobody',
    short().fault('store_failed', 1000, 2000).at(9000).refused(KEEPALIVE, 'endpoint_unknown'),
    /told to be unknown/,
  ],
])

/** Registers at 6 s for ten, and is gone at 20. */
function anew(story: Story): Story {
  const again = story.at(6000).ok({ ...REGISTER, keepAliveSeconds: 10 })
  return again.at(20_000).add({ kind: 'expired', endpoint: PHONE })
}

/** Two devices register one endpoint at once, and nobody knows which was the last. */
function registeredAtOnce(): Story {
  const story = new Story()
  const short = story.begin({ ...REGISTER, keepAliveSeconds: 10 })
  const long = story.begin({ ...REGISTER, keepAliveSeconds: 20 })
  return story.end(long, { outcome: 'ok' }).end(short, { outcome: 'ok' })
}

judges('R7', [
  ['the longer of two periods', registeredAtOnce().at(20_500).add({ kind: 'expired', endpoint: PHONE })],
  ['the shorter of two periods', registeredAtOnce().at(10_500).add({ kind: 'expired', endpoint: PHONE })],
  ['who is gone a second after its period', short().at(10_900).add({ kind: 'expired', endpoint: PHONE })],
  [
    'who is gone later',
    short().at(11_100).add({ kind: 'expired', endpoint: PHONE }),
    /was there 1080 ms after its period/,
  ],
  ['a late keepalive that is taken', short().at(11_500).ok(KEEPALIVE), /after its period/],
  [
    'an unknown keepalive, which may have given time',
    short().at(9000).unknown(KEEPALIVE).at(15_000).ok(KEEPALIVE),
  ],
  [
    'an unknown keepalive of before it was registered anew, which may come late',
    anew(short().at(5000).unknown(KEEPALIVE)),
  ],
  [
    'an unknown keepalive that is too old to come',
    anew(new Story({ settings: { lateEffectMs: 900 } }).registered(PHONE, 10).at(5000).unknown(KEEPALIVE)),
    /was there 3990 ms after its period/,
  ],
  [
    'who is found there',
    short().at(11_500).ok({ op: 'look', endpoint: PHONE }, { present: true }),
    /after its period/,
  ],
  ['who is counted there', short().at(11_500).sent('one', { endpoint: PHONE }), /after its period/],
  [
    'a count that a key remembers',
    short().sent('one', { endpoint: PHONE, key: 'k' }).at(11_500).sent('one', { endpoint: PHONE, key: 'k' }),
  ],
  [
    'an outage, whose time does not count',
    short().fault('store_failed', 5000, 20_000).at(60_000).ok(KEEPALIVE),
  ],
  ['a whole service that was gone', short().fault('node_died', 5000, 20_000).at(60_000).ok(KEEPALIVE)],
  [
    'one node of two that was gone, whose time counts',
    twoNodes().at(20_000).ok(KEEPALIVE),
    /after its period/,
  ],
  [
    'one node of two that was gone, and two seconds',
    twoNodes().at(11_900).add({ kind: 'expired', endpoint: PHONE }),
  ],
])

function twoNodes(): Story {
  return new Story({ nodes: ['a', 'b'] }).registered(PHONE, 10).fault('node_died', 9000, 11_000, 'a')
}

const WAITED = { count: 1, acknowledged: 1 }
judges('R8', [
  [
    'a receipt of what was acknowledged by a request that is under way',
    phone()
      .ok({ op: 'look', endpoint: PHONE }, { present: true })
      .sent('one')
      .got('one')
      .took('one', PHONE, { isUnsure: true })
      .add({
        ...{ kind: 'told', webhook: 'acme/all', type: 'UserEventAcknowledgedEvent', sequence: 1 },
        ...{ endpoint: PHONE, eventId: 'one' },
      }),
  ],
  ['a receipt that happened', waited((story) => story.got('one').took('one'), WAITED)],
  [
    'a receipt that did not',
    waited((story) => story.got('one'), WAITED),
    /1 receipts of one were told, and 0 had happened/,
  ],
  [
    'a receipt that comes after it was told',
    waited((story) => story.got('one'), WAITED).took('one'),
    /0 had happened/,
  ],
  [
    'who answered and so has it',
    waited((story) => story.got('one').ok({ op: 'answer', endpoint: PHONE, eventId: 'one' }), WAITED),
  ],
  ['a link at QoS 0, whose socket is enough', atQos0((story) => story, WAITED)],
  ['fewer than there were', waited((story) => story.got('one').took('one'), { count: 1, acknowledged: 0 })],
  ['a webhook that tells of one', phone().sent('one').got('one').took('one').add(receipt(PHONE))],
  [
    'a webhook that tells of none',
    both().sent('one', {}, { count: 2 }).got('one').took('one').add(receipt(TAB)),
    /acme\/alice\/tab is told to have acknowledged one/,
  ],
  [
    'a record that tells of none',
    phone()
      .sent('one')
      .got('one')
      .add({ kind: 'outcomes', eventId: 'one', endpoints: { [PHONE]: 'acknowledged' } }),
    /is told to have acknowledged/,
  ],
  [
    'a record that tells of another end',
    phone()
      .sent('one')
      .got('one')
      .add({ kind: 'outcomes', eventId: 'one', endpoints: { [PHONE]: 'sent' } }),
  ],
])

function waited(meanwhile: (story: Story) => Story, result: { count: number; acknowledged: number }): Story {
  const story = phone()
  const call = story.begin(send('one'))
  return meanwhile(story).end(call, { outcome: 'ok', ...result })
}

function atQos0(meanwhile: (story: Story) => Story, result: { count: number; acknowledged: number }): Story {
  const story = new Story().registered(PHONE).linked(PHONE, PHONE, { qos: 0 })
  const call = story.begin(send('one'))
  return meanwhile(story).end(call, { outcome: 'ok', ...result })
}

function receipt(endpoint: string) {
  return {
    kind: 'told',
    webhook: 'acme/w',
    type: 'UserEventAcknowledgedEvent',
    sequence: 1,
    endpoint,
    eventId: 'one',
  } as const
}

function race(on: 'acknowledged' | 'answered'): Story {
  const story = both().sent('one', { cancelOthers: { on, eventId: 'over' } }, { count: 2 })
  return story.got('one').got('one', TAB)
}
const ANSWER = { op: 'answer', endpoint: PHONE, eventId: 'one' } as const
judges('R9', [
  [
    'a race with one winner, of whom the other is told',
    race('answered').ok(ANSWER).got('over', TAB).settled(),
  ],
  ['the same by PUBACK', race('acknowledged').took('one').got('over', TAB).settled()],
  [
    'two winners',
    race('answered')
      .ok(ANSWER)
      .ok({ ...ANSWER, endpoint: TAB }),
    /two winners/,
  ],
  [
    'a loser who is told of the winner',
    race('answered')
      .ok(ANSWER)
      .refused({ ...ANSWER, endpoint: TAB }, 'answered_elsewhere', 'phone')
      .got('over', TAB)
      .settled(),
  ],
  [
    'an unknown answer that won',
    race('answered')
      .unknown(ANSWER)
      .refused({ ...ANSWER, endpoint: TAB }, 'answered_elsewhere', 'phone')
      .got('over', TAB)
      .settled(),
  ],
  [
    'a winner who never answered',
    race('answered').refused({ ...ANSWER, endpoint: TAB }, 'answered_elsewhere', 'phone'),
    /is said to have answered one, and has not/,
  ],
  ['a race that nobody set off', race('answered').got('over', TAB), /over, and nobody had it/],
  [
    'a PUBACK, which sets no answer off',
    race('answered').took('one').got('over', TAB),
    /over, and nobody had it/,
  ],
  ['a winner that is told to stop', race('answered').ok(ANSWER).got('over'), /was told to stop/],
  ['a loser that is not told', race('answered').ok(ANSWER).settled(), /tab was not told that one is over/],
  [
    'one who had it too, and was not told',
    race('acknowledged').took('one').took('one', TAB).settled(),
    /was not told that one is over/,
  ],
  ['a loser that is gone', race('answered').ok(ANSWER).ok({ op: 'unregister', endpoint: TAB }).settled()],
  [
    'a loser of whom nobody knows',
    race('answered').ok(ANSWER).unknown({ op: 'unregister', endpoint: TAB }).settled(),
  ],
  [
    'everybody that is told, the first too',
    race('acknowledged').took('one').got('over').got('over', TAB).settled(),
    /everybody was told/,
  ],
  [
    'a record that names another',
    race('answered')
      .ok(ANSWER)
      .got('over', TAB)
      .unknown({ ...ANSWER, endpoint: TAB })
      .add({ kind: 'outcomes', eventId: 'one', endpoints: {}, answeredBy: 'tab' }),
    /two winners/,
  ],
])

const HOOK = {
  webhooks: [{ name: 'acme/w', types: ['UserEndpointRegisteredEvent', 'UserEndpointUnregisteredEvent'] }],
}
const told = (sequence: number, endpoint = PHONE, type = 'UserEndpointRegisteredEvent') =>
  ({ kind: 'told', webhook: 'acme/w', type, sequence, endpoint }) as const
const UNREGISTER = { op: 'unregister', endpoint: PHONE } as const
judges('R10', [
  ['a registration that is told', new Story(HOOK).registered(PHONE).settled().add(told(1))],
  ['one that is told again', new Story(HOOK).registered(PHONE).add(told(1)).settled().add(told(1))],
  [
    'one that is not told',
    new Story(HOOK).registered(PHONE).settled(),
    /told of 0 of 1 times UserEndpointRegisteredEvent/,
  ],
  [
    'one that is told as two',
    new Story(HOOK).registered(PHONE).add(told(1)).settled().add(told(2)),
    /told of 2 times .*, and there were 1/,
  ],
  ['a refresh, which is none', new Story(HOOK).registered(PHONE).registered(PHONE).add(told(1)).settled()],
  ['an unknown one, told or not', new Story(HOOK).unknown(REGISTER).settled()],
  ['an unknown one that is told', new Story(HOOK).unknown(REGISTER).settled().add(told(1))],
  [
    'an end that is not told',
    new Story(HOOK).registered(PHONE).ok(UNREGISTER).settled().add(told(1)),
    /told of 0 of 1 times UserEndpointUnregisteredEvent/,
  ],
  [
    'what is told out of order',
    new Story(HOOK)
      .registered(PHONE)
      .ok(UNREGISTER)
      .settled()
      .add(told(2, PHONE, 'UserEndpointUnregisteredEvent'))
      .add(told(1)),
    /out of order/,
  ],
  [
    'the order of two endpoints',
    new Story(HOOK).registered(PHONE).registered(TAB).settled().add(told(2, TAB)).add(told(1)),
  ],
  [
    'a gap that was told',
    new Story(HOOK)
      .registered(PHONE)
      .settled()
      .add({ kind: 'told', webhook: 'acme/w', type: 'FeedGapEvent', sequence: 1 }),
  ],
  ['a history that has no end', new Story(HOOK).registered(PHONE)],
  ['another organization’s', new Story(HOOK).registered('globex/alice/phone').settled()],
])

judges('R11', [
  [
    'the newer of two links',
    phone().linked(PHONE, 'b').sent('one').at(9000).got('one', PHONE, { link: 'b' }),
  ],
  ['the older one for a moment', phone().at(1000).linked(PHONE, 'b').sent('one').at(2900).got('one')],
  [
    'the older one for longer',
    phone().at(1000).linked(PHONE, 'b').sent('one').at(3100).got('one'),
    /over a link that another has replaced/,
  ],
  [
    'the older one while a node stands still',
    phone().at(1000).linked(PHONE, 'b').sent('one').fault('node_froze', 1500, 3000).at(3100).got('one'),
  ],
  [
    'another endpoint on the older one',
    both()
      .linked(TAB, PHONE)
      .at(1000)
      .linked(PHONE, 'b')
      .sent('one', { endpoint: TAB })
      .at(9000)
      .got('one', TAB, { link: PHONE }),
  ],
  ['a link that is not subscribed', new Story().registered(PHONE).sent('one').got('one'), /not subscribed/],
])

const TOKEN = { op: 'token', user: 'acme/alice', issues: 't' } as const
const REVOKE = { op: 'revoke', user: 'acme/alice' } as const
const LOOK = { op: 'look', endpoint: PHONE, token: 't' } as const
judges('R12', [
  ['a token that is good', new Story().ok(TOKEN).ok(LOOK, { present: false })],
  [
    'a token after its user was revoked',
    new Story().ok(TOKEN).ok(REVOKE).ok(LOOK, { present: false }),
    /look was done with a token that had been revoked/,
  ],
  ['a refusal', new Story().ok(TOKEN).ok(REVOKE).refused(LOOK, 'unauthorized')],
  ['a revocation without an answer', new Story().ok(TOKEN).unknown(REVOKE).ok(LOOK, { present: false })],
  ['what was asked before the answer', beforeAnswer()],
  ['a token from after it', new Story().ok(REVOKE).ok(TOKEN).ok(LOOK, { present: false })],
  ['a token that was issued meanwhile', meanwhile()],
  [
    'another user’s',
    new Story()
      .ok(TOKEN)
      .ok({ ...REVOKE, user: 'acme/bob' })
      .ok(LOOK, { present: false }),
  ],
  [
    'one of two tokens',
    new Story()
      .ok(TOKEN)
      .ok({ ...TOKEN, issues: 'u' })
      .ok({ ...REVOKE, revokes: 'u' })
      .ok(LOOK, { present: false }),
  ],
  [
    'that one',
    new Story()
      .ok(TOKEN)
      .ok({ ...REVOKE, revokes: 't' })
      .ok(LOOK, { present: false }),
    /had been revoked/,
  ],
  [
    'a link that is open still',
    new Story()
      .ok(TOKEN)
      .registered(PHONE)
      .linked(PHONE, 'l', { token: 't' })
      .ok({ ...REVOKE, revokes: 't' })
      .sent('one')
      .at(9000)
      .got('one', PHONE, { link: 'l' }),
    /opened with a revoked token/,
  ],
  [
    'a link that is open for a moment',
    new Story()
      .ok(TOKEN)
      .registered(PHONE)
      .linked(PHONE, 'l', { token: 't' })
      .ok({ ...REVOKE, revokes: 't' })
      .sent('one')
      .at(1000)
      .got('one', PHONE, { link: 'l' }),
  ],
])

function beforeAnswer(): Story {
  const story = new Story().ok(TOKEN)
  const [revoke, look] = [story.begin(REVOKE), story.begin(LOOK)]
  return story.end(revoke, { outcome: 'ok' }).end(look, { outcome: 'ok', present: false })
}

function meanwhile(): Story {
  const story = new Story()
  const revoke = story.begin(REVOKE)
  return story.ok(TOKEN).end(revoke, { outcome: 'ok' }).ok(LOOK, { present: false })
}

const counts = (mailboxEvents: number, depth: number, more: { readonly orphans?: readonly string[] } = {}) =>
  ({
    kind: 'recount',
    totals: { registrations: 1, mailboxEvents: depth },
    counted: { registrations: 1, mailboxEvents },
    depths: { [PHONE]: depth },
    ...more,
  }) as const
judges('R13', [
  ['what is counted as it is believed', phone().settled().add(counts(0, 0))],
  [
    'a total that is wrong',
    phone().settled().add(counts(1, 0)),
    /mailboxEvents: 0 by the service's totals, 1 counted/,
  ],
  [
    'what nobody has',
    phone()
      .settled()
      .add(counts(0, 0, { orphans: ['terms of no entry'] })),
    /terms of no entry is there, and nobody has it/,
  ],
  [
    'an entry that is never sent',
    phone().settled().add(counts(1, 1)),
    /1 events wait for .*, which has had all but 0/,
  ],
  ['an entry that is not acknowledged', phone().sent('one').got('one').settled().add(counts(1, 1))],
  [
    'who is there and has ended',
    phone().ok(UNREGISTER).add({ kind: 'link_down', link: PHONE }).settled().add(counts(0, 0)),
    /is there, and has ended/,
  ],
  ['who may have ended', phone().unknown(UNREGISTER).settled().add(counts(0, 0))],
  [
    'who lives and is not there',
    phone().settled().add({ kind: 'recount', totals: {}, counted: {}, depths: {} }),
    /is not there, and lives/,
  ],
])

const made = (value: string) => ({ op: 'change_entry', entry: 'users/dora', value }) as const
const FIND = { op: 'find_entry', entry: 'users/dora' } as const

/** Looked for while the second of two changes is under way. */
function lookedMeanwhile(): Story {
  const story = new Story().ok(made('v1'))
  const second = story.begin(made('v2'))
  return story.ok(FIND, { value: 'v2' }).ok(FIND, { value: 'v1' }).end(second, { outcome: 'ok' })
}

judges('R14', [
  ['an entry as it was made', new Story().ok(made('v1')).ok(FIND, { value: 'v1' })],
  ['one that nobody has changed', new Story().ok(FIND, { value: 'v0' })],
  [
    'one as it was before',
    new Story().ok(made('v1')).ok(made('v2')).ok(FIND, { value: 'v1' }),
    /users\/dora was v1, after it had been made v2/,
  ],
  [
    'one as nobody made it',
    new Story().ok(made('v1')).ok(FIND, { value: 'v0' }),
    /was v0, after it had been made v1/,
  ],
  [
    'a change that was refused',
    new Story().ok(made('v1')).refused(made('v2'), 'precondition_failed').ok(FIND, { value: 'v2' }),
    /was v2, after it had been made v1/,
  ],
  ['a change that is under way', lookedMeanwhile()],
  ['a change without an answer', new Story().ok(made('v1')).unknown(made('v2')).ok(FIND, { value: 'v1' })],
  ['one that came late', new Story().unknown(made('v1')).ok(made('v2')).ok(FIND, { value: 'v1' })],
  [
    'one that is too old to come',
    new Story({ settings: { lateEffectMs: 1000 } })
      .unknown(made('v1'))
      .at(2000)
      .ok(made('v2'))
      .ok(FIND, { value: 'v1' }),
    /was v1, after it had been made v2/,
  ],
])
