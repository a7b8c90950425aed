"""A PyTorch model file without training: affinities from how alike neighbouring voxels are.

The framework pytorch needs `InstantiatedModel`, into which it loads the state dict of --convnet-weight-path, or a
function `load_model(weight_path)`. `pre_process` and `post_process` are optional. This network is untrained; its one
parameter is set here, so it runs without a file of weights.

Channels: 0, 1, 2 = affinity of a voxel with the one before it along x, y, z; 3 = myelin (dark and uniform).
"""
import torch


class Likeness(torch.nn.Module):
    def __init__(self, steepness=20.0):
        super().__init__()
        self.steepness = torch.nn.Parameter(torch.tensor(steepness))
        self.smooth = torch.nn.AvgPool3d((1, 3, 3), stride=1, padding=(0, 1, 1), count_include_pad=False)

    def forward(self, image):
        smooth = self.smooth(image)
        # logits: 4 where neighbours are equal, below 0 where they differ by a fifth of the range
        channels = []
        for axis in (4, 3, 2):
            before = torch.cat([smooth.narrow(axis, 0, 1), smooth.narrow(axis, 0, smooth.shape[axis] - 1)], axis)
            channels.append(4.0 - self.steepness * torch.abs(smooth - before))
        channels.append(self.steepness * (0.1 - smooth))
        # networks with several results give a list
        return [torch.cat(channels, 1)]


# in evaluation mode: chunkflow does not call eval()
InstantiatedModel = Likeness().eval()


def pre_process(patches):
    """(batch, channel, z, y, x), a NumPy array or, in the export, a tensor; what is not a tensor yet is made one."""
    return patches


def post_process(result):
    """The one tensor that is used, with values in [0, 1]."""
    return torch.sigmoid(result[0])
