import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../bench/src/lab/free-port.ts'
import { eventually } from './run-server.ts'
import { type Block, matchesOutput, readBlocks, readDocument } from './snippets.ts'
import { Terminal } from './terminal.ts'

/** Ports that the guides name; each test has its own in their place. */
const PORTS = ['8080', '5173', '9000', '9001'] as const

const ROOT = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')
/** Folders of the machine that the guides name; each test has its own in their place. */
const FOLDERS = ['/etc/rollcall', '/var/lib/rollcall', '/var/backups/rollcall'] as const

/** What a test adds to a guide: what only a person would do, and looks at. */
export type Additions = {
  /** By the name of a `run`: after it, and before what comes next. */
  readonly after?: Readonly<Record<string, (guide: Guide) => Promise<void>>>
  /** By what is behind `check:`: judges text that nobody can run. */
  readonly checks?: Readonly<Record<string, (code: string, guide: Guide) => Promise<void> | void>>
}

/**
 * A guide of `docs/guides/`, done by a reader in a hurry. Every block has a comment right before it that says what it is:
 *
 * - `run: NAME`: commands for the terminal that the reader works in. A block of text behind it is what they print.
 * - `run: NAME, until: TEXT`: commands that stay, in a terminal of their own, and have begun once they have printed that.
 * - `file: PATH`: the reader saves it.
 * - `check: NAME`: nothing to run; the test has a check of that name.
 */
export class Guide {
  readonly home: string
  readonly #t: TestContext
  readonly #ports: ReadonlyMap<string, number>
  readonly #env: Readonly<Record<string, string>>
  readonly #terminal: Terminal
  readonly #staying = new Map<string, Terminal>()

  private constructor(t: TestContext, home: string, ports: ReadonlyMap<string, number>) {
    this.#t = t
    this.home = home
    this.#ports = ports
    const port = String(ports.get('8080'))
    this.#env = {
      PORT: port,
      DATA_DIR: join(home, 'data'),
      DRAIN_SECONDS: '0',
      ROLLCALL_URL: `http://127.0.0.1:${port}`,
    }
    this.#terminal = this.#open()
  }

  static async open(t: TestContext): Promise<Guide> {
    const home = await mkdtemp(join(tmpdir(), 'rollcall-guide-'))
    const ports = await Promise.all(PORTS.map(async (port) => [port, await freePort()] as const))
    // Registered first, so that it happens last: nobody writes there any more.
    t.after(() => rm(home, { recursive: true, force: true }))
    return new Guide(t, home, new Map(ports))
  }

  /** What the guide says, with the ports and the home folder of this test. */
  real(text: string): string {
    const ported = [...this.#ports].reduce((all, [port, own]) => all.replaceAll(port, String(own)), text)
    const placed = FOLDERS.reduce((all, path) => all.replaceAll(path, `${this.home}${path}`), ported)
    return placed.replaceAll(/\/opt\/rollcall(?:\.new)?(?![.\w])/g, ROOT).replaceAll('~/', `${this.home}/`)
  }

  /** What the commands of that name, which stay, have printed. */
  printed(name: string): string {
    return this.#staying.get(name)?.output() ?? assert.fail(`nothing that stays is called ${name}`)
  }

  /** Ctrl-C in the terminal of these commands. */
  async stop(name: string): Promise<void> {
    await this.#staying.get(name)?.close('SIGINT')
  }

  /** Does everything in the document, in its order. */
  async follow(document: string, { after = {}, checks = {} }: Additions = {}): Promise<void> {
    for (const block of readBlocks(readDocument(document))) {
      const where = `docs/${document}:${block.line}`
      const [, kind = '', name = '', until] =
        /^(run|file|check): ([^\s,]+)(?:, until: (.+))?$/.exec(block.marker ?? '') ?? []
      if (kind === 'run') await this.#run(where, name, until, block)
      else if (kind === 'file') await this.#save(name, block.code)
      else if (kind === 'check')
        await (checks[name] ?? assert.fail(`${where}: no check ${name}`))(block.code, this)
      else assert.fail(`${where}: nothing says what this block is, so that nobody tries it`)
      if (kind === 'run') await after[name]?.(this)
    }
  }

  /** Does only the `run` of that name. */
  async runOnly(document: string, wanted: string): Promise<void> {
    const block = readBlocks(readDocument(document)).find(({ marker }) => marker === `run: ${wanted}`)
    await this.#run(
      `docs/${document}`,
      wanted,
      undefined,
      block ?? assert.fail(`no ${wanted} in ${document}`),
    )
  }

  /** Only saves the file of that path. */
  async saveOnly(document: string, path: string): Promise<void> {
    const block = readBlocks(readDocument(document)).find(({ marker }) => marker === `file: ${path}`)
    await this.#save(path, (block ?? assert.fail(`no ${path} in ${document}`)).code)
  }

  async #run(where: string, name: string, until: string | undefined, block: Block): Promise<void> {
    assert.equal(block.language, 'sh', where)
    const code = this.real(block.code)
    if (until === undefined) {
      const { stdout, stderr, status } = await this.#terminal.run(code)
      assert.equal(status, 0, `${where}: ${stdout}${stderr}`)
      const output = this.real(block.output ?? '')
      // An answer of the API has no line break at its end, which nobody sees on a page.
      const printed = stdout.replace(/\n?$/, '\n')
      assert.ok(
        block.output === undefined || matchesOutput(printed, { output }),
        `${where}: ${stdout}${stderr}`,
      )
      return
    }
    const own = this.#open()
    this.#staying.set(name, own)
    own.start(code)
    await eventually(() => own.output().includes(this.real(until)), `${where}: ${until}`, 20_000).catch(
      (error) => {
        throw new Error(`${error.message}\n${own.output()}`)
      },
    )
  }

  async #save(path: string, code: string): Promise<void> {
    const real = this.real(path)
    assert.ok(real.startsWith(this.home), `${path} is in the home folder`)
    await mkdir(dirname(real), { recursive: true })
    await writeFile(real, this.real(code))
  }

  #open(): Terminal {
    const terminal = new Terminal(this.home, this.#env)
    this.#t.after(() => terminal.close())
    return terminal
  }
}
