import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { makeDataDir, startProcess } from '../helpers/run-server.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../deploy/${name}`, import.meta.url))
const read = (name: string): string => readFileSync(path(name), 'utf8')
const source = (name: string): string =>
  readFileSync(new URL(`../../server/src/observe/${name}`, import.meta.url), 'utf8')

type Panel = {
  readonly title: string
  readonly type: string
  readonly targets?: readonly Target[]
  readonly id: number
}
type Target = { readonly expr: string; readonly legendFormat: string }

const METRIC = /\b(?:rollcall|nodejs|process)_\w+/g
const nameOf = (metric: string): string => metric.replace(/_bucket$/, '')

/** The labels that a metric of ours has, as the source says; none where it says none. */
function labelsOf(metric: string): readonly string[] {
  const text = source('metrics.ts') + source('tallied.ts') + source('sharing.ts')
  const after = text.split(`'${metric}'`)[1] ?? ''
  const [declared = ''] = after.split(/'rollcall_/)
  return [...(/labelNames: \[([^\]]*)\]/.exec(declared)?.[1] ?? '').matchAll(/'(\w+)'/g)].map(
    ([, label = '']) => label,
  )
}

describe('what watches a server', () => {
  let shown = ''
  const alerts = parse(read('prometheus/alerts.yml'))
  const rules: readonly { alert: string; expr: string }[] = alerts.groups.flatMap(
    (group: { rules: object[] }) => group.rules,
  )
  const dashboard = JSON.parse(read('grafana/rollcall.json'))
  const panels: readonly Panel[] = dashboard.panels
  const targets = panels.flatMap((panel) => panel.targets ?? [])

  before(async () => {
    const data = await makeDataDir()
    const server = await startProcess(data.path)
    shown = await (await fetch(`${server.url}/metrics`)).text()
    await server.kill()
    await data.remove()
  })
  after(() => undefined)

  it('asks for metrics only that a server shows', () => {
    const expressions = [...rules.map(({ expr }) => expr), ...targets.map(({ expr }) => expr)]
    const names = new Set(expressions.flatMap((expr) => expr.match(METRIC) ?? []).map(nameOf))
    assert.ok(rules.length > 10 && targets.length > 25 && names.size > 25, `${names.size} metrics`)
    assert.deepEqual(
      [...names].filter((name) => !shown.includes(`# TYPE ${name} `)),
      [],
    )
  })

  it('sorts them by labels only that they have', () => {
    for (const { expr, legendFormat } of targets) {
      const [metric = ''] = expr.match(METRIC) ?? []
      const grouped = [...expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list = '']) => list.split(', '))
      const named = [...legendFormat.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
      const known = [
        'le',
        'instance',
        ...labelsOf(nameOf(metric)),
        ...(metric === 'rollcall_shared_used' ? ['thing'] : []),
      ]
      if (metric === 'rollcall_build_info') known.push('version')
      assert.deepEqual(
        [...grouped, ...named].filter((label) => !known.includes(label)),
        [],
        expr,
      )
    }
    assert.deepEqual(labelsOf('rollcall_refused_total'), ['front', 'code'], 'labels are read at all')
  })

  it('shows every metric of ours that somebody counts on in an alert', () => {
    const onBoard = new Set(targets.flatMap(({ expr }) => expr.match(METRIC) ?? []).map(nameOf))
    const alerted = rules.flatMap(({ expr }) => expr.match(METRIC) ?? []).map(nameOf)
    assert.deepEqual(
      alerted.filter((name) => !onBoard.has(name)),
      ['rollcall_descriptors_exhausted_total'],
    )
  })

  it('is one page whose parts have places and names of their own', () => {
    assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length)
    assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length)
    for (const { title, type, targets: asked } of panels)
      assert.ok(type === 'row' || (asked !== undefined && asked.length > 0), title)
  })

  const promtool = spawnSync('promtool', ['--version']).status === 0
  it('has rules that Prometheus takes', {
    skip: !promtool && 'needs promtool, which is not installed',
  }, () => {
    const { status, stdout, stderr } = spawnSync(
      'promtool',
      ['check', 'rules', path('prometheus/alerts.yml')],
      { encoding: 'utf8' },
    )
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, new RegExp(`${rules.length} rules found`))
  })
})
