import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { signedHeaders } from './sign.ts'

const TEXT = readFileSync(new URL('../../../docs/webhooks.md', import.meta.url), 'utf8')
const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
const BODY = '{"events":[{"userId":"Zoë"}]}'
const AT_SECONDS = 1_767_225_600

const MESSAGE = { id: 'msg_1', atWallMs: AT_SECONDS * 1000, body: Buffer.from(BODY) }
const KEY = Buffer.from(SECRET.slice(6), 'base64')
const headers = signedHeaders(MESSAGE, [KEY])
/** A receiver that has the older secret still, or none but the newer. */
const rotated = signedHeaders(MESSAGE, [Buffer.alloc(32, 1), KEY])
const rotatedFirst = signedHeaders(MESSAGE, [KEY, Buffer.alloc(32, 1)])

/** What a receiver sees, and whether it must believe it. */
const CASES: readonly (readonly [object, string, number, boolean])[] = [
  [headers, BODY, AT_SECONDS, true],
  [rotated, BODY, AT_SECONDS + 299, true],
  [rotatedFirst, BODY, AT_SECONDS, true],
  [headers, BODY.replace('Zoë', 'Zoe'), AT_SECONDS, false],
  [headers, BODY, AT_SECONDS + 300, false],
  [headers, BODY, AT_SECONDS - 300, false],
  [{ ...headers, 'webhook-id': 'msg_2' }, BODY, AT_SECONDS, false],
  [{ ...headers, 'webhook-timestamp': 'soon' }, BODY, AT_SECONDS, false],
  [{ ...headers, 'webhook-signature': 'v1,' }, BODY, AT_SECONDS, false],
]

function example(language: string): string {
  const [, code = ''] = new RegExp(`\`\`\`${language}\n([\\s\\S]*?)\`\`\``).exec(TEXT) ?? []
  assert.notEqual(code, '')
  return code
}

/** Runs a program that reads the cases as JSON and writes the verdicts as JSON. */
function verdicts(command: string, args: readonly string[]): unknown {
  const cases = CASES.map(([head, body, nowSeconds]) => [head, body, SECRET, nowSeconds])
  const { stdout, stderr, error } = spawnSync(command, args, {
    input: JSON.stringify(cases),
    encoding: 'utf8',
  })
  if (error !== undefined) throw error
  assert.equal(stderr, '')
  return JSON.parse(stdout)
}

const expected = CASES.map(([, , , isGenuine]) => isGenuine)

test('the documented verification in Node.js tells genuine from forged', () => {
  const program = `${example('js')}
import { readFileSync } from 'node:fs'
const cases = JSON.parse(readFileSync(0, 'utf8'))
console.log(JSON.stringify(cases.map(([head, body, ...rest]) => verify(head, Buffer.from(body), ...rest))))`
  assert.deepEqual(verdicts(process.execPath, ['--input-type=module', '-e', program]), expected)
})

const hasPython = spawnSync('python3', ['--version']).error === undefined

test('and so does the one in Python', { skip: hasPython ? false : 'there is no python3' }, () => {
  const program = `${example('python')}
import json, sys
cases = json.load(sys.stdin)
print(json.dumps([verify(head, body.encode(), *rest) for head, body, *rest in cases]))`
  assert.deepEqual(verdicts('python3', ['-c', program]), expected)
})
