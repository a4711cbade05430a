import { startBrowser, type TestBrowser } from './browser.ts'
import { makeDataDir, type ServerProcess, startProcess } from './run-server.ts'

/** Several browsers share the machine with the servers: how late these are then says nothing of a page. */
const NO_SHEDDING = { SHED_LAG_MS: '0' }

/** What the browser tests of one file share: a browser, and a server with an empty data folder. */
export type BrowserScene = {
  readonly chromium: TestBrowser
  readonly server: ServerProcess
  close(): Promise<void>
}

/**
 * Starts both; `close` them at the end.
 *
 * @param env configuration of the server
 */
export async function openBrowserScene(env: Record<string, string> = {}): Promise<BrowserScene> {
  const data = await makeDataDir()
  const chromium = await startBrowser()
  const server = await startProcess(data.path, { ...NO_SHEDDING, ...env }).catch(async (error: unknown) => {
    await chromium.close()
    throw error
  })
  return {
    chromium,
    server,
    async close() {
      await chromium.close()
      await server.kill()
      await data.remove()
    },
  }
}
