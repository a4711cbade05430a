import assert from 'node:assert/strict'
import { readFile, writeFile } from 'node:fs/promises'
import { requestToken } from '@rollcall/client/client'
import { startBrowser, type TestBrowser } from './browser.ts'
import { makeDirectory, tokenOfClient, tokenOfUser } from './directory.ts'
import { runCli } from './run-cli.ts'
import { makeDataDir, type ServerProcess, startProcess } from './run-server.ts'

type Body = { readonly [member: string]: unknown }

/** Users of `globex` besides the usual ones: more than fit on some pages. */
export const MANY = 130

/**
 * A browser, and a server that keeps the directory of `makeDirectory` in its store, with many users more, called
 * `many-000` and so on.
 */
export type DirectoryScene = {
  readonly chromium: TestBrowser
  readonly server: ServerProcess
  /** Does something as role SERVICE, or as somebody else. `line`: `PATCH users/alice`; whatever was seen. */
  ask(line: string, body?: object, as?: string): Promise<Body>
  /** The status that the API answers to a client's credentials. */
  statusOf(clientId: string, clientSecret: string): Promise<number>
  close(): Promise<void>
}

export async function openDirectoryScene(env: Record<string, string> = {}): Promise<DirectoryScene> {
  const data = await makeDataDir()
  const { file } = await makeDirectory(data.path)
  await addMany(file)
  const chromium = await startBrowser()
  try {
    const imported = await runCli(['import-directory', file], {
      env: { DIRECTORY: 'store', DATA_DIR: data.path },
    })
    assert.equal(imported.code, 0, imported.stderr)
    const server = await startProcess(data.path, { ...env, DIRECTORY: 'store' })
    return {
      chromium,
      server,
      ask: (line, body, as) => ask(server.url, line, body, as),
      statusOf: (clientId, clientSecret) => statusOf(server.url, clientId, clientSecret),
      async close() {
        await chromium.close()
        await server.kill()
        await data.remove()
      },
    }
  } catch (error) {
    await chromium.close()
    throw error
  }
}

async function addMany(file: string): Promise<void> {
  const directory = JSON.parse(await readFile(file, 'utf8'))
  const { passwordHash } = directory.users[0]
  for (let number = 0; number < MANY; number++) {
    const username = `many-${String(number).padStart(3, '0')}`
    const authorities = number < 60 ? ['ROLE_USER', 'AGENT'] : ['ROLE_USER']
    directory.users.push({ username, passwordHash, organizationId: 'globex', authorities })
  }
  await writeFile(file, JSON.stringify(directory))
}

async function ask(
  url: string,
  line: string,
  body: object | undefined,
  as: string | undefined,
): Promise<Body> {
  const token =
    as === undefined ? await tokenOfClient(url, 'service') : (await tokenOfUser(url, as)).accessToken
  const [method = 'GET', path] = line.split(' ')
  const answer = await fetch(`${url}/rtc-api/directory/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      'if-match': '*',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const text = await answer.text()
  assert.ok(answer.ok, text)
  return text === '' ? {} : JSON.parse(text)
}

async function statusOf(url: string, clientId: string, clientSecret: string): Promise<number> {
  try {
    const grant = { type: 'client_credentials' } as const
    const { accessToken } = await requestToken({ url, clientId, clientSecret, grant })
    const headers = { authorization: `Bearer ${accessToken}` }
    return (await fetch(`${url}/rtc-api/users`, { headers })).status
  } catch {
    return 401
  }
}
