import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

export type Ended = { readonly status: number | null; readonly output: string }

/** A project of somebody else's: a folder far from this repository, with what was packed here installed. */
export class FreshProject {
  readonly folder = mkdtempSync(join(tmpdir(), 'rollcall-fresh-'))

  /**
   * What `npm create vite` makes of a template, with its own dependencies as they are here: to fetch them anew for each
   * test would take a network and a minute.
   */
  static ofTemplate(name: 'vanilla-ts' | 'react-ts'): FreshProject {
    const project = new FreshProject()
    cpSync(join(ROOT, 'node_modules/create-vite', `template-${name}`), project.folder, { recursive: true })
    const { dependencies, devDependencies, ...manifest } = JSON.parse(project.read('package.json'))
    project.write('package.json', JSON.stringify(manifest))
    project.install('client')
    for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) project.link(dependency)
    return project
  }

  /** An empty one: what `npm init` makes, but of modules. */
  static empty(): FreshProject {
    const project = new FreshProject()
    project.write('package.json', '{ "name": "my-app", "private": true, "type": "module" }')
    return project
  }

  /** Packs a package as for a registry, and installs the file. */
  install(name: 'client' | 'cli'): void {
    const file = this.pack(name)
    const options = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
    const installed = this.run('npm', ['install', ...options, `./${file}`])
    assert.equal(installed.status, 0, installed.output)
  }

  /** Packs a package as for a registry. Returns the file's name in this project. */
  pack(name: 'client' | 'cli'): string {
    const script = join(ROOT, 'scripts/pack.mjs')
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, name, this.folder], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^rollcall-[\w.-]+\.tgz\n$/)
    return stdout.trim()
  }

  /** A dependency as it is here, with what it needs itself. One that is not here is left out. */
  link(dependency: string): void {
    const here = join(ROOT, 'node_modules', dependency)
    const there = join(this.folder, 'node_modules', dependency)
    if (!existsSync(here) || existsSync(there)) return
    mkdirSync(dirname(there), { recursive: true })
    symlinkSync(here, there)
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.folder, path), text)
  }

  read(path: string): string {
    return readFileSync(join(this.folder, path), 'utf8')
  }

  /** A program that the project's dependencies bring. */
  tool(path: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
    return this.run(process.execPath, [join(ROOT, 'node_modules', path), ...args], env)
  }

  run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Ended {
    const { status, stdout, stderr } = spawnSync(program, args, {
      cwd: this.folder,
      encoding: 'utf8',
      env: { ...process.env, ...env },
    })
    return { status, output: stdout + stderr }
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
