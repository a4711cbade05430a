import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readVectors, type Text, textOf } from '../../test/helpers/vectors.ts'
import { answersTopic, endpointTopic, keepaliveTopic, parseTopic, type Topic, userTopic } from './topic.ts'

type Meaning = { readonly topic: Text; readonly means: Topic | null }

describe('topics', () => {
  for (const { name, why, topic, means } of readVectors<Meaning>('topics').vectors)
    it(name, () => assert.deepEqual(parseTopic(textOf(topic)), means ?? undefined, why))

  it('reads what it makes', () => {
    const userEndpointId = 'constructor'
    assert.deepEqual(parseTopic(endpointTopic(userEndpointId)), {
      kind: 'endpoint',
      userId: null,
      userEndpointId,
    })
    assert.deepEqual(parseTopic(userTopic('alice', userEndpointId)), {
      kind: 'endpoint',
      userId: 'alice',
      userEndpointId,
    })
    assert.deepEqual(parseTopic(keepaliveTopic(userEndpointId)), { kind: 'keepalive', userEndpointId })
    assert.deepEqual(parseTopic(answersTopic(userEndpointId)), { kind: 'answers', userEndpointId })
  })
})
