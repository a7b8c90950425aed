/** Errors of this plugin. */
export const PRECOMPUTED_ERROR_CODES = {
  'block-corrupt': 'A stored block cannot be decompressed or decoded.',
  'block-missing': 'A block of a volume is not stored.',
  'encoding-refused': 'A block encoding cannot hold such voxels.',
  'encoding-unknown': 'No installed plugin reads or writes a block encoding.',
  'mask-mismatch': 'A mask does not fit the chunk it is laid over.',
  'region-too-large': 'A region of a volume does not fit into memory.',
  'volume-contended': 'Other writers keep changing a file of blocks.',
  'volume-format': 'A path asks for another format of volumes.',
  'volume-incomplete': 'Blocks of a volume were never written.',
  'volume-inconsistent': 'Voxels disagree with a coarser scale, or a box of them is lost.',
  'volume-info-invalid': 'The info file of a volume is not one, or contradicts itself.',
  'volume-mip-missing': 'A volume has no such scale.',
  'volume-misaligned': 'A region does not fall on block boundaries.',
  'volume-mismatch': 'A chunk has other channels or another element type than the volume.',
  'volume-missing': 'There is no volume at a path.',
  'volume-outside': 'A region lies outside the volume, wholly, or partly where that is forbidden.',
} as const
