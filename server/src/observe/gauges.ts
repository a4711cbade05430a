import { Gauge, type Registry } from 'prom-client'

/** What metrics show as of now, read at each scrape, all at once. `NaN`: nobody knows. */
export type Gauges = {
  readonly registrations: number
  readonly links: number
  readonly nodes: number
  readonly mailboxEvents: number
  readonly mailboxBytes: number
  readonly mailboxDiskBytes: number
  readonly mailboxDiskBytesMax: number
  readonly historyBytes: number
  readonly feedEvents: number
  readonly feedBytes: number
  readonly feedDropped: number
  readonly deadLetters: number
  readonly isStoreWritable: boolean
  readonly storeWarnings: readonly ('store_damaged' | 'disk_low' | 'disk_full' | 'store_partly_away')[]
}

type Shown = {
  render(): Promise<{ readonly contentType: string; readonly body: string }>
  observe(read: () => Promise<Gauges>): void
}

/** Reads what is to be shown as of now before each answer. */
export function shownNow(registry: Registry): Shown {
  let refresh = async (): Promise<void> => undefined
  return {
    async render() {
      await refresh()
      return { contentType: registry.contentType, body: await registry.metrics() }
    },
    observe(read) {
      const show = addGauges(registry)
      refresh = async () => show(await read())
    },
  }
}

/** Returns what shows them. */
function addGauges(registry: Registry): (now: Gauges) => void {
  const shown: ((now: Gauges) => void)[] = []
  const add = (name: string, help: string, read: (now: Gauges) => number): void => {
    const gauge = new Gauge({ name, help, registers: [registry] })
    shown.push((now) => gauge.set(read(now)))
  }
  add('rollcall_registrations', 'Registered endpoints.', (now) => now.registrations)
  add('rollcall_links', 'Open MQTT connections.', (now) => now.links)
  add(
    'rollcall_cluster_nodes',
    'Processes of the service that are there, as this one knows.',
    (now) => now.nodes,
  )
  add('rollcall_mailbox_events', 'Unacknowledged QoS 1 events.', (now) => now.mailboxEvents)
  add('rollcall_mailbox_bytes', 'Bytes of unacknowledged QoS 1 events.', (now) => now.mailboxBytes)
  add(
    'rollcall_mailbox_disk_bytes',
    'What they take on disk, about: what several endpoints share is counted once.',
    (now) => now.mailboxDiskBytes,
  )
  add('rollcall_mailbox_disk_bytes_max', 'What they may take.', (now) => now.mailboxDiskBytesMax)
  const history = 'Bytes of the history, index and outcomes included.'
  add('rollcall_history_bytes', history, (now) => now.historyBytes)
  add('rollcall_feed_events', 'Events that wait for webhooks.', (now) => now.feedEvents)
  add('rollcall_feed_bytes', 'Bytes of events that wait for webhooks.', (now) => now.feedBytes)
  add('rollcall_dead_letters', 'Events that webhooks did not take.', (now) => now.deadLetters)
  add(
    'rollcall_feed_dropped_events',
    'Events for webhooks dropped since the start because there were too many.',
    (now) => now.feedDropped,
  )
  add('rollcall_store_writable', '1 while the store can write.', (now) => (now.isStoreWritable ? 1 : 0))
  const has = (warning: Gauges['storeWarnings'][number]) => (now: Gauges) =>
    now.storeWarnings.includes(warning) ? 1 : 0
  add(
    'rollcall_store_damaged',
    '1 once something read from disk was not what was written.',
    has('store_damaged'),
  )
  add('rollcall_disk_low', '1 while the disk of the data folder is nearly full.', has('disk_low'))
  add('rollcall_disk_full', '1 while new events are refused because the disk is full.', has('disk_full'))
  add(
    'rollcall_store_partly_away',
    '1 while a part of the store cannot be reached: one of several Redis is away.',
    has('store_partly_away'),
  )
  return (now) => {
    for (const show of shown) show(now)
  }
}
