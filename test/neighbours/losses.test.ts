import { test } from 'node:test'
import { ATTACKS } from './attacks.ts'
import { standBeside } from './round.ts'
import { briefly } from './short.ts'

// A part of `npm test`: what the victim loses or is refused, which says the same on a busy machine. Latencies are for
// `npm run neighbours`.

for (const attack of ATTACKS)
  if (attack.isMeasured !== true && attack.isLong !== true)
    test(`${attack.name}: ${attack.protects}`, { timeout: 60_000 }, async (t) => {
      const { loss } = await standBeside(attack, { ...briefly, tell: (line) => t.diagnostic(line) })
      if (loss !== undefined) throw loss
    })
