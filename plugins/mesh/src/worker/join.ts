import type { WordMesh } from './simplify.js'

/**
 * Several meshes as one; vertices at the same place, word by word, become one. Parts of an object that share the vertices of
 * a border join there.
 */
export function joinMeshes(meshes: readonly WordMesh[]): WordMesh {
  const [only] = meshes
  const vertexTotal = meshes.reduce((sum, { vertices }) => sum + vertices.length, 0) / 3
  const triangles = new Uint32Array(meshes.reduce((sum, mesh) => sum + mesh.triangles.length, 0))
  if (only === undefined) return { vertices: new Uint32Array(0), triangles }
  const places = vertexPlaces(vertexTotal)
  let filled = 0
  for (const mesh of meshes) {
    const numbers = new Uint32Array(mesh.vertices.length / 3)
    for (let vertex = 0; vertex < numbers.length; vertex++)
      numbers[vertex] = places.numberOf(
        mesh.vertices[vertex * 3]!,
        mesh.vertices[vertex * 3 + 1]!,
        mesh.vertices[vertex * 3 + 2]!,
      )
    for (let index = 0; index < mesh.triangles.length; index++)
      triangles[filled + index] = numbers[mesh.triangles[index]!]!
    filled += mesh.triangles.length
  }
  return { vertices: places.words(), triangles }
}

/** Numbers triples of words in the order in which they are met: an open-addressing table. */
function vertexPlaces(most: number) {
  const bits = Math.max(4, Math.ceil(Math.log2(2 * most + 1)))
  const slots = new Uint32Array(2 ** bits)
  const mask = 2 ** bits - 1
  const words = new Uint32Array(most * 3)
  let count = 0
  return {
    numberOf(a: number, b: number, c: number): number {
      let mixed = Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35)
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b3c6d)
      let slot = (mixed ^ (mixed >>> 13)) & mask
      for (let known = slots[slot]!; known !== 0; known = slots[slot]!) {
        const at = (known - 1) * 3
        if (words[at] === a && words[at + 1] === b && words[at + 2] === c) return known - 1
        slot = (slot + 1) & mask
      }
      words[count * 3] = a
      words[count * 3 + 1] = b
      words[count * 3 + 2] = c
      slots[slot] = ++count
      return count - 1
    },
    words: () => words.slice(0, count * 3),
  }
}
