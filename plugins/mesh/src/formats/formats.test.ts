import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { askPython, codeOf, refusal, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { encodeMesh, type FileMesh } from './encode.js'
import { decodeFragment } from './fragment.js'
import { pack, unpack } from './stored-bytes.js'

const test = suite('mesh formats')
const folder = temporaryFolder()
test.after(() => folder.remove())

/** A tetrahedron, by hand. */
const MESH: FileMesh = {
  vertices: Float32Array.of(0, 0, 0, 4.5, 0, 0, 0, -8.25, 0, 0, 0, 123456.785),
  triangles: Uint32Array.of(0, 2, 1, 0, 1, 3, 0, 3, 2, 1, 2, 3),
}

test('a fragment, byte by byte', () => {
  const bytes = encodeMesh(MESH, 'precomputed')
  assert.is(bytes.length, 4 + 4 * 12 + 4 * 12)
  assert.equal([...bytes.subarray(0, 4)], [4, 0, 0, 0])
  // 4.5 as float32
  assert.equal([...bytes.subarray(16, 20)], [0, 0, 0x90, 0x40])
  assert.equal([...bytes.subarray(52, 64)], [0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0])
  // also from bytes that do not begin at a multiple of four
  const shifted = new Uint8Array(bytes.length + 1)
  shifted.set(bytes, 1)
  assert.equal(decodeFragment(shifted.subarray(1), 'here'), MESH)
})

test('fragments that are none are refused', async () => {
  const bytes = encodeMesh(MESH, 'precomputed')
  const decode = (given: Uint8Array) => refusal(() => decodeFragment(given, 'mesh/5:0:box'))
  assert.match(await decode(bytes.subarray(0, 3)), 'has 3 bytes')
  assert.match(await decode(bytes.subarray(0, 40)), 'of 40 bytes does not hold 4 vertices')
  assert.match(await decode(bytes.subarray(0, 60)), 'whole triangles')
  const wrong = bytes.slice()
  wrong[52] = 4
  assert.match(await decode(wrong), 'names vertex 4, but has 4')
})

test('compression is undone where it is said to be', async () => {
  const bytes = encodeMesh(MESH, 'precomputed')
  const packed = pack(bytes)
  assert.is(packed[9], 255)
  assert.equal(new Uint8Array(unpack(packed, 'gzip', 'here')), bytes)
  assert.is(unpack(bytes, 'gzip', 'here'), bytes)
  assert.is(unpack(packed, undefined, 'here'), packed)
  assert.is(await codeOf(() => unpack(packed.subarray(0, 30), 'gzip', 'here')), 'mesh-fragment-corrupt')
  assert.is(await codeOf(() => unpack(packed, 'br', 'here')), 'mesh-format-unsupported')
})

test('OBJ: five decimals, vertices from 1', () => {
  assert.is(
    new TextDecoder().decode(encodeMesh(MESH, 'obj')),
    [
      'v 0.00000 0.00000 0.00000',
      'v 4.50000 0.00000 0.00000',
      'v 0.00000 -8.25000 0.00000',
      'v 0.00000 0.00000 123456.78125',
      'f 1 3 2',
      'f 1 2 4',
      'f 1 4 3',
      'f 2 3 4',
      '',
    ].join('\n'),
  )
})

test('OBJ of more lines than are made at once', () => {
  const count = 40_000
  const mesh = {
    vertices: Float32Array.from({ length: count * 3 }, (_, index) => index / 2),
    triangles: Uint32Array.from({ length: count * 3 }, (_, index) => index % count),
  }
  const lines = new TextDecoder().decode(encodeMesh(mesh, 'obj')).split('\n')
  assert.is(lines.length, 2 * count + 1)
  assert.is(lines[count - 1], 'v 59998.50000 59999.00000 59999.50000')
  assert.is(lines[count], 'f 1 2 3')
})

/** Reads the header and the records of a binary PLY with numpy. */
const READ_PLY = `
import json, sys
import numpy as np
data = open(sys.argv[1], 'rb').read()
end = data.index(b'end_header\\n') + 11
header = data[:end].decode().split('\\n')
assert header[0] == 'ply' and header[1] == 'format binary_little_endian 1.0', header
counts = {line.split()[1]: int(line.split()[2]) for line in header if line.startswith('element')}
assert [line for line in header if line.startswith('property')] == ['property float x', 'property float y',
    'property float z', 'property list uchar int vertex_indices'], header
vertices = np.frombuffer(data, '<f4', counts['vertex'] * 3, end)
faces = np.frombuffer(data, np.dtype([('n', 'u1'), ('v', '<i4', 3)]), counts['face'], end + vertices.nbytes)
assert end + vertices.nbytes + faces.nbytes == len(data) and (faces['n'] == 3).all()
print(json.dumps([vertices.tolist(), faces['v'].ravel().tolist()]))`

test('PLY as numpy reads it', () => {
  const file = path.join(folder.path, 'a.ply')
  writeFileSync(file, encodeMesh(MESH, 'ply'))
  const printed = askPython(['numpy'], READ_PLY, { args: [file] })
  if (printed === null) return
  assert.equal(JSON.parse(printed), [[...MESH.vertices], [...MESH.triangles]])
})

test.run()
