import type { Case } from './case.ts'
import { disk } from './disk.ts'
import { expiry } from './expiry.ts'
import { bulk, mqttIngress } from './fast-lanes.ts'
import { growth } from './growth.ts'
import { keepalive } from './keepalive.ts'
import { latency } from './latency.ts'
import { memoryLinks } from './memory-links.ts'
import { ordinary } from './ordinary.ts'
import { populationCases } from './population.ts'
import { REDIS_CASES } from './redis/redis.ts'
import { register } from './register.ts'
import { qos0, qos1 } from './send-event.ts'
import { turmoil } from './turmoil.ts'

/** Everything that is measured, in the order of the report. */
export function allCases(): readonly Case[] {
  return [
    qos0,
    qos1,
    bulk,
    mqttIngress,
    keepalive,
    register,
    memoryLinks,
    latency,
    ordinary,
    disk,
    expiry,
    turmoil,
    growth,
    ...populationCases(),
    ...REDIS_CASES,
  ]
}
