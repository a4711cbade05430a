import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NO_REDIS } from '../helpers/redis-server.ts'

/** What is tried in every run; `npm run e2e-nodes` tries everything that one process is tried by. */
const FILES = ['presence', 'mqtt-ingress']

it('what holds of one process holds of two on one Redis, to which connections come in turn', {
  skip: NO_REDIS ?? false,
}, async () => {
  const files = FILES.map((name) => fileURLToPath(new URL(`${name}.test.ts`, import.meta.url)))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const options = [
    '-C',
    'source',
    '--import',
    'tsx',
    '--test',
    '--test-reporter=spec',
    '--test-concurrency=2',
  ]
  const runner = spawn(process.execPath, [...options, ...files], { env: { ...env, E2E_NODES: '2' } })
  let output = ''
  for (const stream of [runner.stdout, runner.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString()
    })
  const [code] = await once(runner, 'close')
  assert.equal(code, 0, output)
})
