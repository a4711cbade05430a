import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Case, Peer } from './cases/case.ts'
import { Lab } from './lab/lab.ts'
import { type Options, readOptions } from './options.ts'
import { resultsPage } from './report/page.ts'
import { terminalTable } from './report/terminal.ts'
import { runCase } from './run-case.ts'

const THERE: Peer = {
  name: 'Other (C)',
  debianPackage: 'other',
  files: [process.execPath],
  run: async () => [400],
}
const MISSING: Peer = { ...THERE, files: [process.execPath, '/nowhere/other'] }

function caseWith(peer: Peer): Case {
  return {
    ...{ name: 'push', title: 'Pushing', hasReference: false, isLong: false, peer },
    measures: [{ name: 'work', unit: '/CPU-s' }],
    users: () => 0,
    run: async () => [300],
  }
}

/** What comes of a case, and what was said meanwhile. */
async function run(peer: Peer, ...args: string[]) {
  const measured = caseWith(peer)
  const options = readOptions(['--runs', '1', ...args], [measured]) as Options
  const lab = new Lab({
    ...{ folder: options.folder, cores: undefined, ticksPerSecond: 100, profileFolder: undefined },
  })
  const said: string[] = []
  try {
    return { result: await runCase(lab, measured, options, (text) => said.push(text)), said }
  } finally {
    lab.close()
  }
}

test('a peer is measured beside it where that is asked for, and its numbers stand in columns of their own', async () => {
  const { result } = await run(THERE, '--peers')
  assert.deepEqual(
    result.rows.map(({ peer, peerRatio }) => [peer?.median, peerRatio]),
    [[400, 0.75]],
  )
  assert.match(terminalTable([result]), /beside it Other \(C\)\n {2}work .*400 \/CPU-s +0\.75/)
  assert.match(resultsPage([result], {}, 'command', 1, 'abc'), /\| Other \(C\) \| ratio \| elsewhere \|/)
  const alone = await run(THERE)
  assert.equal(alone.result.peerName, undefined)
  assert.doesNotMatch(terminalTable([alone.result]), /beside it/)
})

test('a peer that is missing is skipped, and the run says so', async () => {
  const { result, said } = await run(MISSING, '--peers')
  assert.equal(result.failure, undefined)
  assert.equal(result.peerName, undefined)
  assert.ok(said.some((text) => /SKIPPED: Other \(C\) .*apt-get install other/.test(text)))
})
