import { chunkflowError, type Skeleton } from '@chunkflow/sdk'

/**
 * A forest as SWC text: lines `number type x y z radius parent`, nm, the parent before its children, -1 for none. Every part
 * begins at its first vertex; edges that close a circle are left out, as the format has none.
 * http://www.neuronland.org/NLMorphologyConverter/MorphologyFormats/SWC/Spec.html
 */
export function formatSwc(id: bigint, { vertices, edges, radii }: Skeleton): string {
  const count = vertices.shape[0]!
  const neighbours: number[][] = Array.from({ length: count }, () => [])
  for (let edge = 0; edge < edges.shape[0]!; edge++) {
    const [from, to] = [Number(edges.data[2 * edge]), Number(edges.data[2 * edge + 1])]
    neighbours[from]!.push(to)
    neighbours[to]!.push(from)
  }
  const lines = [
    `# skeleton ${id}`,
    '# x, y, z and radius in nanometres; voxel i has its centre at i times the voxel size',
    '# number type x y z radius parent',
  ]
  const numbers = new Int32Array(count)
  let written = 0
  for (let root = 0; root < count; root++) {
    const open: [vertex: number, parent: number][] = numbers[root] === 0 ? [[root, -1]] : []
    for (let entry = open.pop(); entry !== undefined; entry = open.pop()) {
      const [vertex, parent] = entry
      if (numbers[vertex] !== 0) continue
      numbers[vertex] = ++written
      const [z, y, x] = [0, 1, 2].map((axis) => Number(vertices.data[vertex * 3 + axis])) as [
        number,
        number,
        number,
      ]
      const values = [x, y, z, radii?.[vertex] ?? 0].map(shortest).join(' ')
      lines.push(`${written} 0 ${values} ${parent}`)
      for (const other of neighbours[vertex]!.reverse()) open.push([other, written])
    }
  }
  return `${lines.join('\n')}\n`
}

/** The shortest number that is read as the same 32-bit float: at most nine digits. */
function shortest(value: number): string {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === Math.fround(value)) return String(short)
  }
  return String(Number(value.toPrecision(9)))
}

/** The skeleton of an SWC text in nm. @throws swc-invalid */
export function parseSwc(text: string, file: string): Skeleton {
  const rows: number[][] = []
  const numbers = new Map<number, number>()
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const content = line.replace(/#.*/, '').trim()
    if (content === '') continue
    const row = content.split(/[\s,]+/).map(Number)
    if (row.length < 7 || !row.every(Number.isFinite))
      throw chunkflowError(
        'swc-invalid',
        `${file}, line ${index + 1} is not "number type x y z radius parent": ${content}`,
        {
          fix: 'check that the file is SWC',
        },
      )
    numbers.set(row[0]!, rows.length)
    rows.push(row)
  }
  const edges: number[] = []
  for (const [vertex, row] of rows.entries()) {
    const parent = row[6]!
    if (parent < 0) continue
    const other = numbers.get(parent)
    if (other === undefined)
      throw chunkflowError(
        'swc-invalid',
        `${file}: node ${row[0]} has the parent ${parent}, which is not there`,
        {
          fix: 'check that the file is complete',
        },
      )
    edges.push(vertex, other)
  }
  return {
    vertices: {
      shape: [rows.length, 3],
      dtype: 'float32',
      data: Float32Array.from(rows.flatMap((row) => [row[4]!, row[3]!, row[2]!])),
    },
    edges: { shape: [edges.length / 2, 2], dtype: 'uint32', data: Uint32Array.from(edges) },
    radii: Float32Array.from(rows, (row) => row[5]!),
  }
}
