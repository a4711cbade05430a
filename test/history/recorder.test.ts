import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { Line } from './lines.ts'
import { BadLine, parseLine } from './parse.ts'
import { Recorder } from './recorder.ts'
import { PHONE, Story } from './story.ts'
import { writeHistory } from './write-history.ts'

const PROGRAM = fileURLToPath(new URL('check-history.ts', import.meta.url))

function recorded(): { readonly recorder: Recorder; readonly lines: readonly Line[] } {
  const lines: Line[] = []
  let nowMs = 0
  const recorder = new Recorder(
    (line) => lines.push(line),
    () => ++nowMs,
    { source: 'a test' },
  )
  return { recorder, lines }
}

function check(...args: readonly string[]) {
  const program = ['-C', 'source', '--import', 'tsx', PROGRAM, ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, program, { encoding: 'utf8' })
  return { status, stdout, stderr }
}

describe('a recorder', () => {
  it('tells one end of a call, and what is under way at a crash as unknown', () => {
    const { recorder, lines } = recorded()
    const told = recorder.begin({ op: 'keepalive', endpoint: PHONE })
    const lost = recorder.begin({ op: 'unregister', endpoint: PHONE })
    told.refused('endpoint_unknown')
    told.ok()
    recorder.loseCalls()
    lost.ok()
    assert.deepEqual(
      lines.flatMap((line) => (line.kind === 'end' ? [[line.call, line.outcome]] : [])),
      [
        [1, 'refused'],
        [2, 'unknown'],
      ],
    )
  })

  it('ends a fault once, by its number', () => {
    const { recorder, lines } = recorded()
    const end = recorder.fault('node_died', 'a')
    end()
    end()
    assert.deepEqual(
      lines.slice(1).map(({ atMs: _, ...rest }) => rest),
      [
        { kind: 'fault', fault: 1, what: 'node_died', node: 'a' },
        { kind: 'fault_end', fault: 1 },
      ],
    )
  })

  it('names no two links alike', () => {
    const { recorder } = recorded()
    assert.notEqual(recorder.newLink(), recorder.newLink())
  })
})

describe('a line of a file', () => {
  it('is read as it was written, whatever it has besides', () => {
    for (const line of new Story().present(PHONE).sent('one', { key: 'k' }).got('one').settled().lines)
      assert.deepEqual(parseLine(JSON.stringify({ ...line, more: 1 })), { ...line, more: 1 })
  })

  for (const [what, text] of [
    ['no JSON', '{"kind":'],
    ['no object', '[]'],
    ['an unknown kind', '{"kind":"__proto__","atMs":1}'],
    ['no time', '{"kind":"settled"}'],
    ['an operation that there is not', '{"kind":"begin","atMs":1,"call":1,"op":"toString"}'],
    ['a member that is mistyped', '{"kind":"link_down","atMs":1,"link":5}'],
    ['another version', '{"kind":"history","version":2,"atMs":0,"source":"x"}'],
  ] as const)
    it(`is refused with ${what}`, () => assert.throws(() => parseLine(text), BadLine))
})

describe('npm run check-history', () => {
  const folder = mkdtempSync(join(tmpdir(), 'rollcall-history-'))
  after(() => rmSync(folder, { recursive: true }))

  async function write(name: string, story: Story): Promise<string> {
    const path = join(folder, name)
    const file = writeHistory(path)
    for (const line of story.lines) file.write(line)
    await file.close()
    assert.equal(readFileSync(path, 'utf8').split('\n').length, story.lines.length + 1)
    return path
  }

  it('ends with 0 where all holds, 1 where not, 2 where there is nothing to judge', async () => {
    const good = await write('good.ndjson', new Story().present(PHONE).sent('one').got('one').settled())
    const held = check('--need', 'R1,R2', good)
    assert.deepEqual([held.status, held.stderr], [0, ''])
    assert.match(held.stdout, /^R1 +2 +0 +0 {2}an event answered/m)
    assert.equal(check('--need', 'R12', good).status, 2)
    const bad = check(await write('bad.ndjson', new Story().present(PHONE).got('one')))
    assert.equal(bad.status, 1)
    assert.match(bad.stdout, /^R2: acme\/alice\/phone got one, which nobody had sent\n {2}line 5 /)
    assert.match(check(join(folder, 'none.ndjson')).stderr, /ENOENT/)
    // What a killed process wrote last.
    appendFileSync(good, '{"kind":"del')
    const cut = check(good)
    assert.equal(cut.status, 0)
    assert.match(cut.stderr, /the last line is left out: line 9 is no JSON/)
    appendFileSync(good, '\n{"kind":"settled","atMs":1}\n')
    assert.equal(check(good).status, 2)
  })
})
