import type { Case } from '../case.ts'
import { append1, append3 } from './append.ts'
import { comeAndGo } from './come-and-go.ts'
import { expiryOnRedis } from './expiry.ts'
import { overLinks, posted } from './keepalive.ts'
import { memory } from './memory.ts'

/** What the product does on Redis, beside the store in a folder. */
export const REDIS_CASES: readonly Case[] = [
  append1,
  append3,
  posted,
  overLinks,
  comeAndGo,
  expiryOnRedis,
  memory,
]
