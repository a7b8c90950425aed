"""Checks and crops what models give, NumPy arrays and PyTorch tensors alike."""
from .problem import Problem


def size_text(size):
    return "x".join(str(value) for value in size)


def require_batch(result, count):
    """Refuses what is not (count, channel, z, y, x)."""
    shape = tuple(result.shape)
    if len(shape) != 5 or shape[0] != count:
        raise Problem(
            "output",
            "The model gave an array of %s for %d patch%s, not (batch, channel, z, y, x)"
            % (size_text(shape), count, "" if count == 1 else "es"),
            "give it five axes, and one result for each patch, in post_process",
        )


def crop(result, settings):
    """The first channels that are wanted, and the middle that is as large as the output patch."""
    patch, output = settings["inputPatchSize"], settings["outputPatchSize"]
    wanted, channels, size = settings["outputChannels"], result.shape[1], list(result.shape[2:])
    if channels < wanted:
        raise Problem(
            "channels",
            "The model gives %d channel%s, %d were asked for" % (channels, "" if channels == 1 else "s", wanted),
            "add --num-output-channels %d" % channels,
        )
    if size not in (output, patch):
        raise Problem(
            "output",
            "The model turns patches of %s into %s, not into %s" % (size_text(patch), size_text(size), size_text(output)),
            "add --output-patch-size %s" % " ".join(str(value) for value in size),
        )
    margin = [(whole - middle) // 2 for whole, middle in zip(size, output)]
    z, y, x = (slice(low, low + middle) for low, middle in zip(margin, output))
    return result[:, :wanted, z, y, x]
