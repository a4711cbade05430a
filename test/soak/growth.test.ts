import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { makeDataDir } from '../helpers/run-server.ts'
import { growthText, judgeGrowth, type Sample } from './growth.ts'
import { processFigures } from './process-figures.ts'
import { ALLOWANCES } from './soak-settings.ts'

const SAMPLES = 16
const LEAKS_PER_SAMPLE = 3
const WARM_UP = 4

/** What a process does again and again that is not to be done for ever. */
const LEAKS = {
  nothing: '',
  memory: 'kept.push(Buffer.alloc(1_000_000, 1))',
  handles: 'for (let n = 0; n < 8; n++) kept.push(fs.openSync(process.execPath))',
  sockets: 'for (let n = 0; n < 32; n++) kept.push(net.connect({ port: server.address().port }))',
  folder: "fs.writeFileSync(process.argv[1] + '/' + kept.push(1), Buffer.alloc(8_000_000, 1))",
}

/** A process that takes more and more, looked at as the soak looks at a server. */
async function samplesOf(leak: keyof typeof LEAKS): Promise<readonly Sample[]> {
  const folder = await makeDataDir()
  const program = `const fs = require('node:fs'), net = require('node:net'), kept = []
    const server = net.createServer(() => undefined).listen(0, '127.0.0.1', () => {
      process.send('ready'); process.on('message', () => { ${LEAKS[leak]}; process.send('done') }) })`
  const args = ['--input-type=commonjs', '--eval', program, folder.path]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  try {
    await once(child, 'message')
    const samples: Sample[] = []
    for (let n = 0; n < SAMPLES; n++) {
      // Told each time, and waited for: by a timer of its own it would take what the machine has time for.
      for (let times = 0; times < LEAKS_PER_SAMPLE; times++) {
        child.send('more')
        await once(child, 'message')
      }
      const { sockets, ...figures } = processFigures(child.pid ?? 0, folder.path)
      samples.push({ atMs: n, figures: { ...figures, 'sockets beside links': sockets } })
    }
    return samples.slice(WARM_UP)
  } finally {
    child.kill('SIGKILL')
    await once(child, 'exit')
    await folder.remove()
  }
}

describe('a server that takes more and more fails the soak', { concurrency: true }, () => {
  const cases: readonly (readonly [keyof typeof LEAKS, readonly string[]])[] = [
    ['nothing', []],
    ['memory', ['resident memory']],
    ['handles', ['file handles, no sockets']],
    ['sockets', ['sockets beside links']],
    ['folder', ['data folder']],
  ]
  for (const [leak, found] of cases)
    it(`which leaks ${leak}`, async () => {
      const growths = judgeGrowth(await samplesOf(leak), ALLOWANCES)
      const failed = growths.filter(({ holds }) => !holds).map(({ name }) => name)
      // What is opened and written takes some memory as well.
      const meant = failed.filter((name) => name !== 'resident memory' || leak === 'memory')
      assert.deepEqual(leak === 'nothing' ? failed : meant, found, growthText(growths))
    })
})

describe('what is judged of growth', () => {
  const allowance = { name: 'bytes', unit: '', growthPercentMax: 5, slack: 0 } as const
  const samplesAt = (values: readonly number[]): readonly Sample[] =>
    values.map((bytes, atMs) => ({ atMs, figures: { bytes } }))

  it('a saw whose teeth stay as high is none', () => {
    const saw = Array.from({ length: 40 }, (_, n) => 100 + 30 * (n % 5))
    assert.equal(judgeGrowth(samplesAt(saw), [allowance])[0]?.holds, true)
    const rising = saw.map((value, n) => value + n / 2)
    assert.equal(judgeGrowth(samplesAt(rising), [allowance])[0]?.holds, false)
  })

  it('five in a hundred may be, and nothing past the bound at any moment', () => {
    const grown = (by: number) => [...Array(6).fill(100), ...Array(6).fill(100 + by)]
    assert.equal(judgeGrowth(samplesAt(grown(5)), [allowance])[0]?.holds, true)
    assert.equal(judgeGrowth(samplesAt(grown(6)), [allowance])[0]?.holds, false)
    const peak = [...Array(12).fill(100)].with(6, 201)
    assert.equal(judgeGrowth(samplesAt(peak), [{ ...allowance, max: 200 }])[0]?.holds, false)
  })

  it('too few samples, or none of that name, show nothing', () => {
    assert.throws(() => judgeGrowth(samplesAt([1, 2, 3, 4, 5, 6, 7, 8]), [allowance]), /too few/)
    assert.equal(judgeGrowth(samplesAt(Array(12).fill(1)), [{ ...allowance, name: 'x' }])[0]?.holds, false)
  })
})
