import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { FreshProject } from '../helpers/fresh-project.ts'
import { makeDataDir, type ServerProcess, startProcess } from '../helpers/run-server.ts'

const BOB = { ROLLCALL_USER: 'bob', ROLLCALL_PASSWORD: 'bob-password' }
const ACME = { ROLLCALL_CLIENT: 'acme-backend', ROLLCALL_CLIENT_SECRET: 'acme-secret' }

describe('the packed command line', () => {
  let project: FreshProject
  let data: Awaited<ReturnType<typeof makeDataDir>>
  let server: ServerProcess
  const rollcall = (args: readonly string[], env: Readonly<Record<string, string>> = {}) =>
    project.run('node_modules/.bin/rollcall', args, { ROLLCALL_URL: server.url, ...env })

  before(async () => {
    project = FreshProject.empty()
    project.install('cli')
    data = await makeDataDir()
    server = await startProcess(data.path)
  })
  after(async () => {
    await server.kill()
    await data.remove()
    project.remove()
  })

  it('is one package and ws, with a manifest for others and a license', () => {
    const { output } = project.run('npm', ['ls', '--all', '--parseable'])
    const names = output.trim().split('\n').slice(1)
    const short = names.map((path) => path.slice(path.lastIndexOf('node_modules/') + 13))
    assert.deepEqual(short.sort(), ['@rollcall/cli', 'ws'])
    const manifest = JSON.parse(project.read('node_modules/@rollcall/cli/package.json'))
    assert.deepEqual(Object.keys(manifest.dependencies), ['ws'])
    assert.ok(!Object.hasOwn(manifest, 'private'))
    assert.match(project.read('node_modules/@rollcall/cli/LICENSE'), /Apache License/)
    assert.doesNotMatch(project.read('node_modules/@rollcall/cli/README.md'), /\]\(/)
  })

  it('is well packed, says publint', () => {
    const publint = project.tool('publint/src/cli.js', ['--strict', 'node_modules/@rollcall/cli'])
    assert.deepEqual([publint.status, /All good/.test(publint.output)], [0, true], publint.output)
  })

  it('is called rollcall, and works without this repository', () => {
    assert.equal(
      rollcall(['--version']).output,
      `${JSON.parse(project.read('node_modules/@rollcall/cli/package.json')).version}\n`,
    )
    assert.match(rollcall(['completion', 'bash']).output, /complete -o default -F _rollcall rollcall/)
    const registered = rollcall(['register', '--id', 'phone', '--keep-alive', '600'], BOB)
    assert.equal(registered.status, 0, registered.output)
    const listening = rollcall(['register', '--listen', '--wait', '10', '--count', '1', '--id', 'x'], {
      ...BOB,
      ROLLCALL_PASSWORD: 'no',
    })
    assert.equal(listening.status, 4, listening.output)
    const sent = rollcall(['send', 'bob', 'CallOfferedEvent'], ACME)
    assert.deepEqual([sent.status, /"count":1/.test(sent.output)], [0, true], sent.output)
  })

  it('says of commands of the server that it is not here', () => {
    const { status, output } = rollcall(['start'])
    assert.equal(status, 2)
    assert.match(output, /needs @rollcall\/server, which is not installed beside the command line/)
  })
})
