import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFakeClock } from '../../test/helpers/fake-clock.ts'
import { type WorkerProcess, Workers } from './workers.ts'

type Exit = (code: number | null, signal: string | null) => void

class FakeWorker implements WorkerProcess {
  readonly pid = 1
  readonly index: number
  readonly signals: string[] = []
  listen: () => void = () => undefined
  exit: Exit = () => undefined

  constructor(index: number) {
    this.index = index
  }

  onListening(told: () => void): void {
    this.listen = told
  }

  onExit(told: Exit): void {
    this.exit = told
  }

  kill(signal: string): void {
    this.signals.push(signal)
  }
}

/** Workers that are there, and end, when the test says so. */
function setUp(count: number) {
  const clock = createFakeClock()
  const forks: FakeWorker[] = []
  const ended: number[] = []
  const fork = (index: number): WorkerProcess => {
    const fake = new FakeWorker(index)
    forks.push(fake)
    return fake
  }
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined }
  const workers = new Workers({ count, fork, clock, log, onEnd: (code) => void ended.push(code) })
  const at = (place: number) => {
    const found = forks[place]
    assert(found !== undefined)
    return found
  }
  return { clock, workers, forks, at, ended }
}

describe('workers behind one port', () => {
  it('come after the first is there, each with a number of its own', () => {
    const { workers, forks, at } = setUp(3)
    workers.start()
    assert.equal(forks.length, 1)
    at(0).listen()
    assert.deepEqual(
      forks.map(({ index }) => index),
      [0, 1, 2],
    )
  })

  it('are started again where one ends, in its place, after pauses that grow and begin anew', async () => {
    const { clock, workers, forks, at } = setUp(2)
    workers.start()
    at(0).listen()
    at(1).listen()
    at(1).exit(null, 'SIGKILL')
    await clock.advance(400)
    assert.equal(forks.length, 2)
    await clock.advance(100)
    assert.equal(at(2).index, 1)
    at(2).listen()
    at(2).exit(1, null)
    await clock.advance(900)
    assert.equal(forks.length, 3)
    await clock.advance(100)
    at(3).listen()
    await clock.advance(60_000)
    at(3).exit(1, null)
    await clock.advance(500)
    assert.equal(forks.length, 5)
  })

  it('end together where one cannot be started, or has a configuration that cannot be used', async () => {
    const failing = setUp(2)
    failing.workers.start()
    for (let start = 0; start < 5; start++) {
      failing.at(start).exit(1, null)
      await failing.clock.advance(30_000)
    }
    assert.equal(failing.forks.length, 5)
    assert.deepEqual(failing.ended, [1])
    const unusable = setUp(2)
    unusable.workers.start()
    unusable.at(0).exit(2, null)
    assert.deepEqual(unusable.ended, [2])
  })

  it('drain together, and are killed by a second word', async () => {
    const { clock, workers, at, forks, ended } = setUp(2)
    workers.start()
    at(0).listen()
    workers.stop()
    assert.deepEqual([at(0).signals, at(1).signals], [['SIGTERM'], ['SIGTERM']])
    at(0).exit(0, null)
    assert.deepEqual(ended, [])
    workers.stop()
    assert.deepEqual(at(1).signals, ['SIGTERM', 'SIGKILL'])
    at(1).exit(null, 'SIGKILL')
    assert.deepEqual(ended, [1])
    await clock.advance(60_000)
    assert.equal(forks.length, 2, 'nobody is started again')
  })

  it('that wait to be started again are not, once all are to end', async () => {
    const { clock, workers, at, forks, ended } = setUp(1)
    workers.start()
    at(0).listen()
    at(0).exit(1, null)
    workers.stop()
    assert.deepEqual(ended, [0])
    await clock.advance(60_000)
    assert.equal(forks.length, 1)
  })
})
