import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { tokenOf } from '../helpers/demo.ts'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'
import { readBlocks } from '../helpers/snippets.ts'

const missing = ['bash', 'curl'].filter((tool) => spawnSync(tool, ['--version']).status !== 0)
const skip =
  missing.length > 0 && `the commands need ${missing.join(' and ')}, which this machine does not have`

test('every request of docs/api.md is understood, and answered as the page says', { skip }, async (t) => {
  const data = await makeDataDir()
  t.after(() => data.remove())
  const server = await startProcess(data.path)
  t.after(() => server.kill())
  const page = readFileSync(new URL('../../docs/api.md', import.meta.url), 'utf8')
  const sections = page.split(/^### /m).slice(1)
  assert.ok(sections.length > 25)
  for (const section of sections) {
    const [title = ''] = section.split('\n')
    const curl = readBlocks(section).find(({ language }) => language === 'sh')?.code ?? ''
    const told = [...section.matchAll(/^\*\*Answer (\d{3})|(\d{3}) `|Refusals.*?(\d{3}), /gm)]
    // One of these examples revokes the token that it is given.
    const token = await tokenOf(server.url, 'acme-backend')
    const command = curl.replaceAll('http://127.0.0.1:8080', server.url)
    const script = `${command.trimEnd()} -o /dev/null -w '%{http_code}'`
    const { stdout, stderr } = spawnSync('bash', ['--norc', '-c', script], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'], TOKEN: token },
    })
    assert.ok(told.flat().includes(stdout), `${title} ${stdout}: ${stderr}`)
    // What the examples name is not there, which is 400 where an endpoint is meant, and the demo has neither an administrator
    // nor an identity provider to sign in at, which is 400 as well; everything else works.
    const mayBe400 = /keepalive|unregister|endpoints\/\{userEndpointId\}\/events|\/security\/oidc\//.test(
      title,
    )
    const isFine = stdout.startsWith('2') || /^40[34]$/.test(stdout) || (stdout === '400' && mayBe400)
    assert.ok(isFine, `${title} ${stdout}`)
  }
})
