import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { createChunk, type Zyx } from '@chunkflow/sdk'
import { askPython, temporaryFolder } from '@chunkflow/sdk/testing'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { extractAll } from '../testing/extract.js'
import { eulerCharacteristic, openEdges, signedVolume, vertexOf } from '../testing/topology.js'
import { placeMesh } from '../worker/place.js'

const test = suite('surfaces and scikit-image')
const folder = temporaryFolder()
test.after(() => folder.remove())

/** Area, volume and vertices of every label, each extracted from a mask of its own. */
const SKIMAGE = `
import json, sys
import numpy as np
from skimage.measure import marching_cubes
path, shape, spacing = sys.argv[1], eval(sys.argv[2]), eval(sys.argv[3])
labels = np.fromfile(path, '<u4').reshape(shape)
result = {}
ids = np.unique(labels)
for label in ids:
    if label == 0: continue
    v, f, _, _ = marching_cubes((labels == label).astype(np.float32), 0.5, spacing=spacing, method='lorensen')
    a, b, c = v[f[:, 0]], v[f[:, 1]], v[f[:, 2]]
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    volume = abs((a * np.cross(b, c)).sum() / 6)
    places = sorted(map(tuple, np.unique(np.round(v * 2 / spacing).astype(int), axis=0).tolist()))
    result[int(label)] = [float(area), float(volume), len(places), places if label == ids[-1] else None]
print(json.dumps(result))`

for (const [name, file, shape, voxelSizeNm] of [
  ['mouse cortex, 16 nm', 'pinky40/labels_16nm.u32.gz', [4, 96, 160], [40, 16, 16]],
  ['a segmentation of FIB-SEM', 'agglomerate/segmentation_7.u32.gz', [22, 120, 140], [8, 8, 8]],
] as const satisfies readonly (readonly [string, string, Zyx, Zyx])[])
  test(`${name}: the same vertices, area and volume`, async () => {
    const stored = gunzipSync(readFileSync(new URL(`../../../../test/fixtures/${file}`, import.meta.url)))
    const small = new Uint32Array(new Uint8Array(stored).buffer)
    // a voxel of background around it closes all surfaces
    const size = shape.map((length) => length + 2) as unknown as Zyx
    const data = new Uint32Array(new SharedArrayBuffer(4 * size[0] * size[1] * size[2]))
    for (let z = 0; z < shape[0]; z++)
      for (let y = 0; y < shape[1]; y++)
        data.set(
          small.subarray((z * shape[1] + y) * shape[2], (z * shape[1] + y + 1) * shape[2]),
          ((z + 1) * size[1] + y + 1) * size[2] + 1,
        )
    const meshes = await extractAll(createChunk(data, size))
    const input = path.join(folder.path, 'labels')
    writeFileSync(input, data)
    const args = [input, `(${size.join()})`, `(${voxelSizeNm.join()})`]
    const printed = askPython(['numpy', 'skimage'], SKIMAGE, { args })
    if (printed === null) return
    const expected = Object.entries(
      JSON.parse(printed) as Record<string, [number, number, number, number[][] | null]>,
    )
    assert.ok(expected.length > 20)
    assert.is(meshes.size, expected.length)
    const sums = { area: 0, volume: 0, theirArea: 0, theirVolume: 0 }
    for (const [id, [theirArea, theirVolume, theirVertices, places]] of expected) {
      const mesh = meshes.get(BigInt(id))!
      assert.equal(openEdges(mesh), [])
      assert.is(eulerCharacteristic(mesh) % 2, 0)
      assert.is(mesh.vertices.length / 3, theirVertices, `vertices of ${id}`)
      if (places !== null) {
        const ours = Array.from({ length: theirVertices }, (_, index) =>
          vertexOf(mesh.vertices, index).join(),
        )
        assert.equal(ours.sort(), places.map((place) => place.join()).sort())
      }
      const { vertices, triangles } = placeMesh(mesh, { voxelSizeNm, voxelOffsetZyx: [0, 0, 0] })
      const volume = signedVolume(vertices, triangles)
      const area = areaOf(vertices, triangles)
      assert.ok(volume > 0)
      assert.ok(Math.abs(area / theirArea - 1) < 0.05, `area of ${id}: ${area}, theirs ${theirArea}`)
      sums.area += area
      sums.volume += volume
      sums.theirArea += theirArea
      sums.theirVolume += theirVolume
    }
    assert.ok(Math.abs(sums.area / sums.theirArea - 1) < 0.005, `${sums.area} and ${sums.theirArea}`)
    assert.ok(Math.abs(sums.volume / sums.theirVolume - 1) < 0.01, `${sums.volume} and ${sums.theirVolume}`)
  })

function areaOf(vertices: Float32Array, triangles: Uint32Array): number {
  let area = 0
  for (let at = 0; at < triangles.length; at += 3) {
    const [a, b, c] = [0, 1, 2].map((index) => vertexOf(vertices, triangles[at + index]!))
    const [u, v] = [b!, c!].map((end) => end.map((value, axis) => value - a![axis]!))
    const cross = [0, 1, 2].map(
      (k) => u![(k + 1) % 3]! * v![(k + 2) % 3]! - u![(k + 2) % 3]! * v![(k + 1) % 3]!,
    )
    area += Math.hypot(...cross) / 2
  }
  return area
}

test.run()
