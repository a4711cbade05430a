import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isSucceeded, type Replication } from './succession.ts'

const RUN = { id: 'run', history: 'old' }

/** What a primary that was demoted says, and what its successor does, after a planned failover. */
const FORMER = said({
  ...{ role: 'slave', master_link_status: 'up' },
  ...{ master_replid: 'new', master_replid2: 'old', second_repl_offset: '501' },
})
const SUCCESSOR = said({
  ...{ role: 'master', master_replid: 'new', master_replid2: 'old', second_repl_offset: '501' },
  slave0: 'ip=10.0.0.1,port=1,state=online,offset=500,lag=0',
})

function said(fields: Readonly<Record<string, string>>): Replication {
  return new Map(Object.entries(fields))
}

function but(redis: Replication, fields: Readonly<Record<string, string>>): Replication {
  return new Map([...redis, ...Object.entries(fields)])
}

describe('what a demoted primary had carried out', () => {
  it('is kept where it follows its successor from where it was', () => {
    assert.equal(isSucceeded(FORMER, SUCCESSOR, RUN, 1), true)
  })

  it('is not known to be kept where it was given everything anew, follows nobody yet, or somebody else', () => {
    for (const fields of [
      { master_replid2: '0000' },
      { master_link_status: 'down' },
      { role: 'master' },
      { master_replid: 'another' },
    ])
      assert.equal(isSucceeded(but(FORMER, fields), SUCCESSOR, RUN, 1), false, JSON.stringify(fields))
  })

  it('is not known to be kept by one that took over from another, or takes no writes itself', () => {
    for (const fields of [{ master_replid2: 'another' }, { role: 'slave' }])
      assert.equal(isSucceeded(FORMER, but(SUCCESSOR, fields), RUN, 1), false, JSON.stringify(fields))
  })

  it('is not kept while fewer replicas have it than are asked for', () => {
    assert.equal(isSucceeded(FORMER, SUCCESSOR, RUN, 2), false)
    const behind = { slave0: 'ip=10.0.0.1,port=1,state=online,offset=499,lag=0' }
    assert.equal(isSucceeded(FORMER, but(SUCCESSOR, behind), RUN, 1), false)
    const syncing = { slave0: 'ip=10.0.0.1,port=1,state=wait_bgsave,offset=900,lag=0' }
    assert.equal(isSucceeded(FORMER, but(SUCCESSOR, syncing), RUN, 1), false)
    const second = { slave1: 'ip=10.0.0.2,port=1,state=online,offset=720,lag=1' }
    assert.equal(isSucceeded(FORMER, but(SUCCESSOR, second), RUN, 2), true)
  })
})
