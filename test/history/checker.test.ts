import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Checker, Unjudgeable } from './checker.ts'
import { PHONE, Story, TAB } from './story.ts'
import { tallyText, violationText } from './verdict-text.ts'

describe('the checker of histories', () => {
  it('finds nothing in a day as it should be, and says what it looked at', () => {
    const story = new Story().present(PHONE, TAB).sent('one', {}, { count: 2 })
    story.got('one').took('one').got('one', TAB).took('one', TAB).settled()
    const { violations, tallies } = story.judge()
    assert.deepEqual(violations, [])
    const held = Object.fromEntries(tallies.map(({ name, held }) => [name, held > 0]))
    assert.deepEqual([held['R1'], held['R2'], held['R3'], held['R6'], held['R11']], Array(5).fill(true))
  })

  it('names the rule, and the few lines that contradict each other, with their numbers', () => {
    const [violation] = new Story().present(PHONE).got('one').judge().violations
    assert(violation !== undefined)
    assert.equal(
      violationText(violation),
      [
        'R2: acme/alice/phone got one, which nobody had sent',
        '  line 5  0.040 s  delivery  {"link":"acme/alice/phone","endpoint":"acme/alice/phone","eventId":"one","qos":1}',
        '',
      ].join('\n'),
    )
  })

  it('has a line for each of its fourteen rules', () => {
    const lines = tallyText(new Story().judge()).trimEnd().split('\n')
    assert.deepEqual(
      lines.slice(1).map((line) => line.split(' ')[0]),
      Array.from({ length: 14 }, (_, index) => `R${index + 1}`),
    )
  })

  it('judges nothing that is no history, or goes back in time', () => {
    assert.throws(() => new Checker().finish(), Unjudgeable)
    assert.throws(() => new Checker().take({ kind: 'settled', atMs: 0 }), Unjudgeable)
    const back = new Story().at(100).add({ kind: 'settled' }).at(50).add({ kind: 'settled' })
    assert.throws(() => back.judge(), /line 3 is from before/)
  })

  it('keeps what is not over, however long it runs', () => {
    const checker = new Checker()
    let most = 0
    const story = new Story().present(PHONE)
    for (const line of story.lines) checker.take(line)
    for (let event = 0; event < 20_000; event++) {
      const told = new Story().at(1000 * event)
      told.ok({ op: 'register', endpoint: PHONE, keepAliveSeconds: 3600 })
      told.sent(`e${event}`).got(`e${event}`).took(`e${event}`)
      for (const line of told.lines.slice(1))
        checker.take({
          ...line,
          atMs: line.atMs + 1000,
          ...('call' in line ? { call: 10 * event + line.call } : {}),
        })
      most = Math.max(most, checker.kept)
    }
    const { violations } = checker.finish()
    assert.deepEqual(violations, [])
    assert.ok(most < 2500, `${most} events were kept at a time`)
  })
})
