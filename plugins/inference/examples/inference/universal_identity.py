"""A universal model file: gives back what it gets, in one channel. Needs nothing but NumPy.

A universal file defines a class PatchInferencer. It is made once, with the path of the weights (None without
--convnet-weight-path) and the weights of an output patch, and is then called with batches of patches. What it returns
must be multiplied by the patch weights already, so that a network on a graphics processor can do that there.
"""


class PatchInferencer:
    def __init__(self, weight_path, output_patch_mask):
        self.output_patch_mask = output_patch_mask

    @property
    def compute_device(self):
        """Optional: goes to the log of the task."""
        return "NumPy"

    def __call__(self, patches):
        """(batch, channel, z, y, x) float32 in [0, 1] to (batch, channel, z, y, x) float32."""
        _, _, *size = patches.shape
        margin = [(whole - middle) // 2 for whole, middle in zip(size, self.output_patch_mask.shape)]
        z, y, x = (slice(low, size[axis] - low) for axis, low in enumerate(margin))
        return patches[:, :, z, y, x] * self.output_patch_mask
