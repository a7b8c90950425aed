import { homedir } from 'node:os'
import { isChunkflowError, type StorageDriver } from '@chunkflow/sdk'
import { serviceFamily } from '@chunkflow/sdk/testing'
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { folderOfUrl, normalizeUrl, resolvePath } from './paths.js'
import { createStore } from './store.js'

const test = suite('store')
const cwd = process.cwd()

const opener: StorageDriver = { open: (url) => ({ root: url }) as never }
const store = createStore(serviceFamily({ file: opener, mem: opener, s3: opener }))

function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    assert.ok(isChunkflowError(error), String(error))
    return `${error.code}: ${error.what} (${error.fix})`
  }
  return 'accepted'
}

test('every spelling of a place has one form', () => {
  const forms: Record<string, string> = {
    'file://my/out/': `file://${cwd}/my/out`,
    'file://.': `file://${cwd}`,
    './y': `file://${cwd}/y`,
    y: `file://${cwd}/y`,
    '/data//x/../y/': 'file:///data/y',
    'file:///data/y//': 'file:///data/y',
    'file:/data/y': 'file:///data/y',
    'FILE:///data/y': 'file:///data/y',
    '/': 'file:///',
    'file:///': 'file:///',
    '~': `file://${homedir()}`,
    '~/x': `file://${homedir()}/x`,
    'file://~/x': `file://${homedir()}/x`,
    'precomputed:///data/y': 'file:///data/y',
    'precomputed://my/out': `file://${cwd}/my/out`,
    'precomputed://file:///data/a b': 'file:///data/a%20b',
    'precomputed://file://my/out': `file://${cwd}/my/out`,
    'precomputed://gs://bucket/layer/': 'gs://bucket/layer',
    's3://bucket/layer/|precomputed:': 's3://bucket/layer',
    's3://bucket/layer/|neuroglancer-precomputed:': 's3://bucket/layer',
    'file:///data/y|precomputed:': 'file:///data/y',
    'S3://Bucket/Layer': 's3://Bucket/Layer',
    'https://host/a%20b/': 'https://host/a%20b',
    's3://https://host:9000/bucket/a/': 's3://https://host:9000/bucket/a',
    's3+https://host:9000/bucket/a/|precomputed:': 's3://https://host:9000/bucket/a',
    'precomputed://https://host/a?sig=b/': 'https://host/a?sig=b/',
  }
  for (const [text, form] of Object.entries(forms)) assert.is(normalizeUrl(text), form, text)
})

test('percent signs: escapes in URLs are decoded, everything else stands for itself', () => {
  const folders: Record<string, string> = {
    'file:///data/a%20b': '/data/a b',
    'file:///data/100%': '/data/100%',
    'file:///data/100%25': '/data/100%',
    '/data/a%20b': '/data/a%20b',
    '/data/a b#c?d': '/data/a b#c?d',
    '/data/漢字': '/data/漢字',
    'file:///data/漢字': '/data/漢字',
    '/data/a|b': '/data/a|b',
  }
  for (const [text, folder] of Object.entries(folders))
    assert.is(folderOfUrl(normalizeUrl(text)), folder, text)
})

test('normalising twice changes nothing, and a plain path comes back', () => {
  const part = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((text) => !/[/\0|~]/.test(text))
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
      const plain = `/${parts.join('/')}`
      const url = normalizeUrl(plain)
      return normalizeUrl(url) === url && folderOfUrl(url) === resolvePath(plain)
    }),
  )
})

test('opens with the driver of the scheme', async () => {
  assert.is((await store.open('mem://x/')).root, 'mem://x')
  assert.is((await store.open('precomputed://s3://bucket/x')).root, 's3://bucket/x')
  assert.is((await store.open('x')).root, `file://${cwd}/x`)
})

test('an unknown scheme names the schemes there are, and no credentials', async () => {
  try {
    await store.open('ftp://user:secret@host/x?sig=secret')
    assert.unreachable()
  } catch (error) {
    assert.ok(isChunkflowError(error))
    assert.is(error.code, 'storage-path-invalid')
    assert.match(error.what, /ftp:\/\/host\/x$/)
    assert.match(error.fix!, 'file://, mem://, s3://')
  }
})

test('refuses what names no place', () => {
  for (const text of ['', 'precomputed://', 's3://', 's3:///', 'file://', '/a\0b', 'file:///a%00b'])
    assert.match(
      refusal(() => normalizeUrl(text)),
      /^storage-path-invalid/,
      text,
    )
  assert.match(
    refusal(() => normalizeUrl('s3://bucket/a.zip|zip:inner|precomputed:')),
    '"zip"',
  )
})

test.run()
