import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { faultText, findJsonFault } from './json-fault.ts'

const find = (text: string) => {
  const fault = findJsonFault(text, 100)
  return fault && faultText(fault)
}

describe('findJsonFault', () => {
  it('finds nothing in JSON', () => {
    for (const text of [
      '{}',
      ' { "a" : [ 1 , -0.5e+3, true, null, "x\\u00e4\\n\\"" ] } ',
      '[]',
      '"<b>"',
      '0',
      '{"__proto__":{},"":[[]]}',
    ])
      assert.equal(find(text), undefined, text)
  })

  it('says where and what', () => {
    assert.equal(find(''), 'Line 1, column 1: expected a value')
    assert.equal(find('{\n  "a": 1\n  "b": 2\n}'), 'Line 3, column 3: expected a comma or }')
    assert.equal(find('{\n  "a": 1,\n}'), 'Line 3, column 1: expected a name in double quotes')
    assert.equal(find('{a: 1}'), 'Line 1, column 2: expected a name in double quotes')
    assert.equal(find('{"a" 1}'), 'Line 1, column 6: expected a colon')
    assert.equal(find('{"a": }'), 'Line 1, column 7: expected a value')
    assert.equal(find('[1, 2'), 'Line 1, column 6: expected a comma or ]')
    assert.equal(find('{} x'), 'Line 1, column 4: expected nothing more')
    assert.equal(find('["a'), 'Line 1, column 4: expected a closing quote')
    assert.equal(find('["a\nb"]'), 'Line 1, column 4: expected a closing quote')
    assert.equal(find('["\\x"]'), 'Line 1, column 3: expected an escape such as \\n or \\u00e4')
    assert.equal(find("['a']"), 'Line 1, column 2: expected a value')
    assert.equal(find('[01]'), 'Line 1, column 3: expected a comma or ]')
  })

  it('agrees with JSON.parse about every text that a slip of the finger makes', () => {
    const text = '{"a":[1,-2.5e3,"x\\n\\u00e4",true],"b":{"c":null}}'
    const parses = (json: string): boolean => {
      try {
        JSON.parse(json)
        return true
      } catch {
        return false
      }
    }
    for (let at = 0; at <= text.length; at++)
      for (const slip of ['', ',', '"', '}', ']', '0', '\\', ' ', '-', '.', 'e', '\u0001', '{'])
        for (const cut of [0, 1]) {
          const changed = text.slice(0, at) + slip + text.slice(at + cut)
          assert.equal(find(changed) === undefined, parses(changed), changed)
        }
  })

  it('stops at the depth, whatever comes', () => {
    assert.equal(findJsonFault(`${'['.repeat(3)}${']'.repeat(3)}`, 3), undefined)
    assert.equal(findJsonFault('[[[[1]]]]', 3)?.expected, 'at most 3 levels')
    assert.equal(findJsonFault('['.repeat(200_000), 100)?.column, 102)
  })
})
