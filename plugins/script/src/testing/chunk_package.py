"""Checks of the Python package `chunkflow`, run by chunk-package.test.ts."""
import copy
import pickle
import sys

import numpy as np
from chunkflow.chunk import Chunk
from chunkflow.chunk.base import Chunk as SameChunk
from chunkflow.lib.bounding_boxes import BoundingBox as OldBoundingBox
from chunkflow.lib.cartesian_coordinate import BoundingBox, BoundingBoxes, Cartesian, PhysicalBoundingBox, to_cartesian


def odd(dtype="uint8", channels=None):
    shape = (2, 3, 4) if channels is None else (channels, 2, 3, 4)
    return Chunk(np.arange(np.prod(shape)).reshape(shape).astype(dtype), (7, -3, 11), (40, 8, 4))


def refused(kind, job):
    try:
        job()
    except kind:
        return
    raise AssertionError(f"no {kind.__name__}")


def check_place():
    chunk = odd()
    assert chunk.voxel_offset == Cartesian(7, -3, 11) and chunk.voxel_offset.y == -3
    assert chunk.voxel_size == (40, 8, 4)
    assert chunk.bbox == BoundingBox(Cartesian(7, -3, 11), Cartesian(9, 0, 15)) == chunk.bounding_box
    assert chunk.bbox.string == "7-9_-3-0_11-15"
    assert chunk.slices == (slice(7, 9), slice(-3, 0), slice(11, 15))
    assert odd(channels=5).slices[0] == slice(0, 5) and odd(channels=5).ndoffset == (0, 7, -3, 11)
    assert chunk.voxel_stop == (9, 0, 15) and chunk.start == (7, -3, 11) and chunk.stop == (9, 0, 15)
    assert Chunk(np.zeros((3, 4)), (0, 1, 2, 3)).shape == (1, 3, 4)
    assert Chunk(chunk).voxel_offset == chunk.voxel_offset and Chunk(np.zeros((1, 1, 1))).voxel_offset == (0, 0, 0)
    assert chunk.physical_bounding_box.voxel_size == (40, 8, 4)
    refused(ValueError, lambda: Chunk(np.zeros((1, 1, 1)), voxel_size=(1, 0, 1)))
    refused(ValueError, lambda: Chunk(np.zeros((1, 1, 1)), layer_type="picture"))
    assert SameChunk is Chunk and OldBoundingBox is BoundingBox


def check_layer_types():
    assert odd().layer_type == "image" and odd().is_image and not odd().is_segmentation
    for dtype in ("bool", "int16", "uint64"):
        assert odd(dtype).is_segmentation and odd(dtype).layer_type == "segmentation"
    assert (odd("float32") / np.float32(24)).layer_type == "probability_map"
    assert odd("float32", 3).layer_type == "affinity_map" and odd("float32", 3).is_affinity_map
    assert odd("float32", 2).layer_type == "unknown" and odd("float64").layer_type == "unknown"


def check_properties():
    chunk = odd("uint32")
    assert chunk.properties == {
        "voxel_offset": (7, -3, 11), "voxel_size": (40, 8, 4), "layer_type": "segmentation",
    }
    other = Chunk(np.zeros((2, 3, 4), "u1"))
    other.set_properties(chunk.properties)
    assert other.properties == chunk.properties
    other.properties = {"voxel_offset": (1, 2, 3)}
    assert other.voxel_offset == Cartesian(1, 2, 3) and other.voxel_size == (40, 8, 4)


def check_arithmetic():
    chunk = odd()
    for result in (255 - chunk, chunk * 2, np.sin(chunk), chunk > 3, -chunk, chunk + odd(), np.add(chunk, 1)):
        assert isinstance(result, Chunk) and result.voxel_offset == (7, -3, 11) and result.voxel_size == (40, 8, 4)
    assert (chunk + 250).array.ravel()[-1] == (23 + 250) % 256 and (chunk / 2).dtype == np.float64
    assert (chunk.astype(np.float32) / 255.0).dtype == np.float32
    same = chunk
    same += 1
    assert same is chunk and chunk.array[0, 0, 0] == 1 and chunk.layer_type == "image"
    chunk *= Chunk(np.full((2, 3, 4), 2, "u1"), (0, 0, 0))
    assert chunk.array[0, 0, 0] == 2 and chunk.voxel_offset == (7, -3, 11)
    assert (odd(channels=3) * odd()).shape == (3, 2, 3, 4)
    assert isinstance(np.add.reduce(odd()), np.ndarray)
    mantissa, exponent = np.frexp(odd("float32"))
    assert isinstance(mantissa, Chunk) and exponent.voxel_offset == (7, -3, 11)


def check_comparisons():
    chunk = odd()
    assert (chunk == odd()) is True and (chunk != odd()) is False
    moved = odd()
    moved.voxel_offset = (0, 0, 0)
    assert (chunk == moved) is False
    assert (chunk == 3).sum() == 1 and (chunk != 3).sum() == 23


def check_as_array():
    chunk = odd()
    assert chunk.max() == 23 and chunk.min() == 0 and chunk.mean() == 11.5 and chunk.sum() == 276
    assert np.max(chunk) == 23 and np.sum(chunk) == 276 and np.mean(chunk) == 11.5 and np.median(chunk) == 11.5
    assert (chunk.shape, chunk.ndim, chunk.size, len(chunk), chunk.dtype) == ((2, 3, 4), 3, 24, 2, np.uint8)
    assert type(chunk[1, :, 2:]) is np.ndarray and chunk[1, 2, 3] == 23
    chunk[chunk > 20] = 0
    assert chunk.max() == 20
    chunk[0] = odd()[1]
    assert chunk[0, 0, 0] == 12
    assert type(np.asarray(chunk)) is np.ndarray and np.asarray(chunk) is chunk.array
    assert np.array(chunk, dtype="f4").dtype == np.float32 and np.array(chunk) is not chunk.array
    assert np.flip(chunk, axis=0).shape == (2, 3, 4) and [part.shape for part in chunk] == [(3, 4)] * 2
    assert np.issubdtype(chunk.dtype, np.uint8) and chunk.flags.c_contiguous and chunk.ravel().shape == (24,)
    refused(AttributeError, lambda: chunk.no_such_thing)
    for same in (pickle.loads(pickle.dumps(chunk)), copy.deepcopy(chunk), chunk.clone()):
        assert same == chunk and same.array is not chunk.array and same.layer_type == "image"
    chunk.fill(9)
    assert chunk.min() == 9


def check_conversions():
    chunk = odd()
    assert chunk.astype(None) is chunk and chunk.astype("u1") is chunk
    assert chunk.astype(np.float32).layer_type == "image" and chunk.astype("f4").voxel_offset == (7, -3, 11)
    turned = chunk.transpose()
    assert turned.shape == (4, 3, 2) and turned.voxel_offset == (11, -3, 7) and turned.voxel_size == (4, 8, 40)
    assert chunk.transpose(only_array=True).voxel_offset == (7, -3, 11)
    assert turned.ascontiguousarray().array.flags.c_contiguous
    assert odd(channels=1).squeeze_channel().shape == (2, 3, 4)
    high = odd(channels=1).threshold(20)
    assert high.shape == (2, 3, 4) and high.dtype == np.uint8 and high.sum() == 3 and high.layer_type == "segmentation"
    refused(ValueError, lambda: odd(channels=2).threshold(1))
    voted = odd(channels=3).channel_voting()
    assert voted.min() == 3 and voted.layer_type == "segmentation" and voted.voxel_offset == (7, -3, 11)
    masked = odd("float32", 3).mask_using_last_channel(50)
    assert masked.shape == (2, 2, 3, 4) and np.array_equal(masked[1, 0, 0], [24, 25, 0, 0])


def check_regions():
    chunk = odd()
    box = BoundingBox(Cartesian(8, -2, 12), Cartesian(9, 0, 15))
    part = chunk.cutout(box)
    assert part.bbox == box and part.voxel_size == (40, 8, 4) and part[0, 0, 0] == 12 + 4 + 1
    assert odd(channels=2).cutout(box.slices).shape == (2, 1, 2, 3)
    refused(IndexError, lambda: chunk.cutout(box.adjust(1)))
    refused(IndexError, lambda: chunk.cutout((slice(6, 8), slice(-3, 0), slice(11, 15))))
    chunk.save(part * 0)
    assert chunk.sum() == 276 - odd().cutout(box).sum()
    cropped = odd().crop_margin((0, 1, 1))
    assert cropped.bbox == BoundingBox((7, -2, 12), (9, -1, 14)) and cropped[0, 0, 0] == 5
    cropped = odd(channels=2).crop_margin((1, 0, 0, 0, 2, 3))
    assert cropped.shape == (2, 1, 1, 1) and cropped.voxel_offset == (8, -3, 11)
    assert odd().crop_margin(output_bbox=box).bbox == box
    shrunk = odd()
    shrunk.shrink((1, 0, 0, 0, 0, 0))
    assert shrunk.shape == (1, 3, 4) and shrunk.voxel_offset == (8, -3, 11)


def check_blend():
    chunk = Chunk(np.zeros((2, 3, 4), "i4"), (7, -3, 11))
    chunk.blend(Chunk(np.ones((2, 2, 2), "i4"), (8, -4, 14)))
    assert chunk.sum() == 1 and chunk[1, 0, 3] == 1
    chunk.blend(Chunk(np.ones((1, 1, 1), "i4"), (100, 0, 0)))
    assert chunk.sum() == 1
    channels = Chunk(np.zeros((3, 2, 3, 4), "i4"), (7, -3, 11))
    channels.blend(Chunk(np.ones((2, 1, 1, 1), "i4"), (7, -3, 11)))
    assert channels.array[:, 0, 0, 0].tolist() == [1, 1, 0]


def check_mask():
    mask = Chunk(np.array([0, 1], "u1").reshape(2, 1, 1), (0, 0, 0), (80, 16, 16))
    image = Chunk(np.full((4, 2, 4), 9, "u1"), (0, 0, 0), (40, 8, 4))
    mask.maskout(image)
    assert image.array[:2].max() == 0 and image.array[2:].min() == 9
    refused(ValueError, lambda: Chunk(np.ones((1, 1, 1)), voxel_size=(60, 8, 4)).maskout(image))
    where = odd().where(odd().array == 23)
    assert [axis.tolist() for axis in where] == [[8], [-1], [14]]


def check_making():
    box = BoundingBox.from_delta((1, 2, 3), (4, 5, 6))
    zeros = Chunk.from_bbox(box, dtype=np.uint16, voxel_size=(1, 2, 3))
    assert zeros.bbox == box and zeros.dtype == np.uint16 and zeros.max() == 0
    assert Chunk.from_array(np.zeros((4, 5, 6), "u1"), box).voxel_offset == (1, 2, 3)
    assert Chunk.create((2, 3, 4), "float32", pattern="random").is_probability_map
    refused(ValueError, lambda: Chunk.create(pattern="stripes"))
    assert "uint8 2x3x4" in repr(odd())


def check_cartesian():
    one = Cartesian(1, 2, 3)
    assert one + 1 == (2, 3, 4) and one - (1, 1, 1) == Cartesian(0, 1, 2) and one * 2 == 2 * one == (2, 4, 6)
    assert one // 2 == (0, 1, 1) and one / 2 == (0.5, 1, 1.5) and one % 2 == (1, 0, 1) and -one == (-1, -2, -3)
    assert (one / 2).ceil == (1, 1, 2) and (one / 2).floor == (0, 1, 1)
    assert one < one + 1 and one <= one and not one < one + (1, 1, 0) and one != (1, 2, 4) and one == one
    assert one.inverse == (3, 2, 1) and one.tuple == (1, 2, 3) and one.list == [1, 2, 3] and one.vec.tolist() == [1, 2, 3]
    assert to_cartesian(None) is None and to_cartesian([1, 2, 3]) == one and {one: 1}[Cartesian(1, 2, 3)] == 1
    moving = Cartesian(0, 0, 0)
    moving += one
    assert moving == one and isinstance(moving, Cartesian) and (0, *one) == (0, 1, 2, 3)
    refused(ValueError, lambda: one + (1, 2))


def check_boxes():
    box = BoundingBox.from_string("Sp1,3166-3766_7531-8131_2440-3040.h5")
    assert box == BoundingBox(Cartesian(3166, 7531, 2440), Cartesian(3766, 8131, 3040))
    assert BoundingBox.from_string("-10-54_0-64_0-64").start == (-10, 0, 0) and BoundingBox.from_string("x") is None
    box = BoundingBox.from_list([0, 1, 2, 4, 7, 10])
    assert box.shape == (4, 6, 8) and box.minpt == (0, 1, 2) and box.maxpt == (4, 7, 10) and box.clone() == box
    assert box.adjust(1) == BoundingBox.from_list([-1, 0, 1, 5, 8, 11]) and box.adjust(None) is box
    assert box.adjust((0, 1, 2)).stop == (4, 8, 12) and box.adjust((1, 0, 0, -1, 0, 0)).shape == (2, 6, 8)
    refused(ValueError, lambda: box.adjust((1, 2)))
    other = BoundingBox.from_delta((2, 2, 2), (9, 2, 2))
    assert box.union(other) == BoundingBox.from_list([0, 1, 2, 11, 7, 10])
    assert box.intersection(other) == BoundingBox.from_list([2, 2, 2, 4, 4, 4])
    assert box.contains((0, 1, 2)) and not box.contains((0, 0, 2)) and box.slices[2] == slice(2, 10)
    assert BoundingBox.from_slices(box.slices) == box and BoundingBox.from_bbox(box) == box
    assert BoundingBox.from_center(Cartesian(1, 2, 3), 3, even_size=False) == BoundingBox.from_list([-2, -1, 0, 5, 6, 7])
    assert BoundingBox.from_points(np.array([[1, 5, 2], [3, 2, 2]])) == BoundingBox.from_list([1, 2, 2, 4, 6, 3])
    assert box + 1 == BoundingBox.from_list([1, 2, 3, 5, 8, 11]) and (box * 2).stop == (8, 14, 20)
    assert (box // 2).stop == (2, 3, 5) and box.inverse_order().start == (2, 1, 0)
    assert BoundingBox.from_list([0, 8, 16, 4, 16, 32]).is_aligned_with((4, 8, 16)) and not box.is_aligned_with(4)
    assert all(start <= at < stop for start, at, stop in zip(box.start, box.random_coordinate, box.stop))
    assert [before.start for before in box.left_neighbors] == [(-4, 1, 2), (0, -5, 2), (0, 1, -6)]


def check_blocks():
    box = BoundingBox.from_list([0, 0, 0, 4, 5, 2])
    whole = box.decompose((2, 2, 2))
    assert isinstance(whole, BoundingBoxes) and len(whole) == 4 and whole[-1] == BoundingBox.from_list([2, 2, 0, 4, 4, 2])
    assert box.decompose_to_aligned_block_bounding_boxes((2, 2, 2))[-1].stop == (4, 6, 2)
    cut = box.decompose_to_unaligned_block_bounding_boxes((2, 2, 2))
    assert len(cut) == 6 and cut[-1].stop == (4, 5, 2)
    assert BoundingBoxes.from_array(whole.array).data == whole.data
    assert BoundingBoxes.from_array([[3, 2, 1, 6, 5, 4]], is_zyx=False)[0] == BoundingBox.from_list([1, 2, 3, 4, 5, 6])
    physical = PhysicalBoundingBox((0, 1, 2), (2, 3, 4), (2, 2, 2))
    assert physical.to_other_voxel_size((1, 1, 1)).start == (0, 2, 4)
    assert physical.to_other_voxel_size((4, 4, 4)).stop == (1, 1, 2) and physical.voxel_bounding_box.stop == (2, 3, 4)


if __name__ == "__main__":
    globals()[sys.argv[1]]()
