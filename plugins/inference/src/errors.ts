/** Every error code this plugin raises itself. */
export const INFERENCE_ERROR_CODES = {
  'chunk-misaligned': 'The chunk is not a whole number of patches and no output mask was asked for.',
  'chunk-too-small': 'The chunk is smaller than a patch, or nothing is left of it after the margins.',
  'framework-unknown': 'No installed plugin runs models of this framework.',
  'inference-memory': 'Patches, batch and chunk width together need more than a kernel can address.',
  'input-channels': 'The chunk does not have as many channels as the model is to be fed.',
  'input-segmentation': 'The chunk holds labels, which a network cannot read.',
  'mask-mismatch': 'The mask does not belong to the result: other voxels, or another place.',
  'mask-missing': 'There is no such mask volume, or not at this mip.',
  'model-channels': 'The model gives fewer channels than were asked for.',
  'model-output-size': 'The results of the model have neither the input nor the output patch size.',
  'model-weighted': 'The model applies the patch weights itself, which --augment-affinity cannot undo.',
  'output-range': 'A result is not a number or lies above 1.',
  'patch-invalid': 'Patch sizes, overlap and margins do not go together.',
} as const
