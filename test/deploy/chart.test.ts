import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse, parseAllDocuments } from 'yaml'
import { CONFIGURATION_KEYS } from '../../server/src/config/config.ts'
import { Chart, type Json } from '../helpers/chart.ts'

const FOLDER = new URL('../../deploy/helm/rollcall/', import.meta.url)
const read = (path: string): string => readFileSync(new URL(path, FOLDER), 'utf8')
const DEFAULTS = parse(read('values.yaml'))
const USUAL = {
  image: { ...DEFAULTS.image, repository: 'registry.example.com/rollcall' },
  publicUrl: 'https://rollcall.example.com',
  directory: { existingSecret: 'directory' },
}

/** Everything that the chart makes, by kind and name. */
function render(values: { readonly [name: string]: Json } = USUAL): ReadonlyMap<string, Json> {
  const chart = new Chart({ ...DEFAULTS, ...values }, { appVersion: parse(read('Chart.yaml')).appVersion })
  chart.render(read('templates/_helpers.tpl'))
  const files = readdirSync(new URL('templates/', FOLDER)).filter((name) => name.endsWith('.yaml'))
  const documents = files.flatMap((name) => {
    const text = chart.render(read(`templates/${name}`))
    return parseAllDocuments(text).map((document) => {
      assert.deepEqual(document.errors, [], `${name}:\n${text}`)
      return document.toJS()
    })
  })
  const made = documents.filter((document) => document !== null)
  return new Map(made.map((one) => [`${one.kind} ${one.metadata.name}`, one]))
}

function at(value: Json | undefined, ...path: readonly (string | number)[]): Json {
  return path.reduce<Json>(
    (inner, step) => (inner === undefined || inner === null ? undefined : Reflect.get(Object(inner), step)),
    value,
  )
}

function environmentOf(made: ReadonlyMap<string, Json>): ReadonlyMap<string, string> {
  const list = at(made.get('StatefulSet ours'), 'spec', 'template', 'spec', 'containers', 0, 'env')
  assert.ok(Array.isArray(list))
  return new Map(list.map((one: { name: string; value: string }) => [one.name, one.value]))
}

describe('the Helm chart', () => {
  it('makes one node with its disk, its service, and what keeps it', () => {
    const made = render()
    assert.deepEqual([...made.keys()].sort(), [
      'PodDisruptionBudget ours',
      'Service ours',
      'Service ours-nodes',
      'StatefulSet ours',
    ])
    const set = made.get('StatefulSet ours')
    assert.equal(at(set, 'spec', 'replicas'), 1)
    const pod = at(set, 'spec', 'template', 'spec')
    assert.equal(at(pod, 'containers', 0, 'image'), 'registry.example.com/rollcall:0.1.0')
    assert.equal(at(pod, 'securityContext', 'runAsNonRoot'), true)
    assert.equal(at(pod, 'containers', 0, 'securityContext', 'readOnlyRootFilesystem'), true)
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      assert.match(String(at(pod, 'containers', 0, probe, 'httpGet', 'path')), /^\/health\/(live|ready)$/)
    for (const path of [
      ['spec', 'selector', 'matchLabels'],
      ['spec', 'template', 'metadata', 'labels'],
    ])
      assert.equal(at(set, ...path, 'app.kubernetes.io/instance'), 'ours')
  })

  it('gives a stop the time that its drain takes', () => {
    const pod = at(render({ ...USUAL, drainSeconds: 60 }).get('StatefulSet ours'), 'spec', 'template', 'spec')
    assert.equal(at(pod, 'terminationGracePeriodSeconds'), 80)
    assert.match(
      String(at(pod, 'containers', 0, 'lifecycle', 'preStop', 'exec', 'command', 2)),
      /, 5 \* 1000\)$/,
    )
  })

  it('configures by keys that there are, and takes those that are given', () => {
    const made = render({ ...USUAL, environment: { LOG_LEVEL: 'warn', LINKS_MAX: 5000 } })
    const environment = environmentOf(made)
    const known = new Set(CONFIGURATION_KEYS.map(({ env }) => env))
    for (const name of environment.keys()) assert.ok(known.has(name), name)
    assert.equal(environment.get('LINKS_MAX'), '5000')
    assert.equal(environment.get('DIRECTORY_FILE'), '/etc/rollcall/directory.json')
    assert.equal(environment.get('DEMO_SECRETS'), undefined)
    const demo = render({ ...USUAL, directory: { existingSecret: '' }, demo: true })
    assert.equal(environmentOf(demo).get('DEMO_SECRETS'), 'random')
    assert.equal(environmentOf(demo).get('DIRECTORY_FILE'), undefined)
  })

  it('makes an Ingress and a ServiceMonitor where they are asked for', () => {
    const made = render({
      ...USUAL,
      ingress: { ...DEFAULTS.ingress, enabled: true, host: 'rollcall.example.com', tlsSecret: 'tls' },
      serviceMonitor: {
        ...DEFAULTS.serviceMonitor,
        enabled: true,
        tokenSecret: 'token',
        labels: { team: 'ops' },
      },
    })
    assert.equal(at(made.get('Ingress ours'), 'spec', 'rules', 0, 'host'), 'rollcall.example.com')
    assert.equal(at(made.get('Ingress ours'), 'spec', 'tls', 0, 'secretName'), 'tls')
    const monitor = made.get('ServiceMonitor ours')
    assert.equal(at(monitor, 'metadata', 'labels', 'team'), 'ops')
    assert.equal(at(monitor, 'spec', 'endpoints', 0, 'authorization', 'credentials', 'key'), 'METRICS_TOKEN')
    const ports = at(made.get('Service ours'), 'spec', 'ports')
    assert.ok(
      Array.isArray(ports) && ports.some(({ name }) => name === at(monitor, 'spec', 'endpoints', 0, 'port')),
    )
  })

  it('without what only its user knows says what is missing, and makes nothing', () => {
    const missing: readonly (readonly [object, RegExp])[] = [
      [{}, /Who may call\? Set directory\.existingSecret/],
      [{ ...USUAL, publicUrl: '' }, /Set publicUrl/],
      [{ ...USUAL, image: DEFAULTS.image }, /Set image\.repository/],
      [{ ...USUAL, ingress: { ...DEFAULTS.ingress, enabled: true } }, /Set ingress\.host/],
    ]
    for (const [values, message] of missing) assert.throws(() => render({ ...values }), message)
  })

  const helm = spawnSync('helm', ['version']).status === 0
  it('is what Helm itself takes', { skip: !helm && 'needs helm, which is not installed' }, () => {
    const set = ['image.repository=r', 'publicUrl=https://a.example', 'directory.existingSecret=d']
    const more = ['serviceMonitor.enabled=true', 'ingress.enabled=true', 'ingress.host=a.example']
    const args = ['template', 'ours', fileURLToPath(FOLDER), '--set', [...set, ...more].join(',')]
    const { status, stderr } = spawnSync('helm', args, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
  })
})
