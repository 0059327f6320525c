"""A synthetic stand-in for Fashion-MNIST.

When the real files can be neither found nor fetched, `draw` paints grayscale
pictures of the same ten kinds of clothing.  Every picture is drawn by this
module from random numbers; it contains no third-party data.
"""

from functools import reduce
from itertools import pairwise
from types import SimpleNamespace

import numpy as np

_CHUNK = 400  # pictures painted at once, so that an array is about 1 MB
_AXIS = np.arange(28, dtype=np.float32) - 13.5  # pixels from the center

# A table entry is the range (low, high) of one uniform random number per
# picture, or (low, high, chance) for a feature that is otherwise left out (0).
# Places and lengths are in pixels from the center, y pointing down.  Ranges of
# neighboring kinds overlap, which makes them as hard to tell apart as the
# originals.  Details may be darker or lighter than the cloth, so a linear
# model, which can use only their average, falls behind one hidden layer.
_ANY = dict(
    dx=(-1.5, 1.5), dy=(-1.2, 1.2), size=(0.9, 1.06), lean=(-0.06, 0.06),
    tone=(0.3, 1.05), phase=(0, 6.3), pitch=(0.8, 2.2), motif=(0.1, 0.4, 0.2),
    rows=(0.1, 0.4, 0.15), columns=(0.1, 0.4, 0.15), block=(-0.5, 0.3, 0.2),
    level=(-8, 8),
)  # fmt: skip
_TOP = _ANY | dict(
    neck=(2, 4.5), scoop=(1, 6), shoulder=(5, 8), chest=(5, 8), waist=(4.5, 8),
    hip=(5, 8.5), hem=(11, 14), cuff=(8, 14), wrist=(7.5, 12), seam=(0, 0.5),
    thick=(1.6, 2.8), front=(0, 0), gap=(0.4, 1.6), open=(0, 1), collar=(0, 0),
    button=(-1, 1, 0.1), logo=(-0.8, 0.8, 0.3), badge=(0.8, 4),
)  # fmt: skip
_SHOE = _ANY | dict(
    base=(5, 9), sole=(0.8, 2.5), rubber=(0.2, 1.1), toe=(2, 4), vamp=(4, 6),
    throat=(-1, 4), instep=(6, 9), tongue=(8, 12), dip=(-4, -1), tab=(0, 2.5),
    lift=(0, 1.5), post=(4, 10), lace=(-0.7, 0.7), slant=(-1.2, 1.2),
    strap=(0.5, 1), gape=(-2, -0.8), cord=(0, 0),
)  # fmt: skip


def _curve(t, places, values):
    """The piecewise linear curve that takes `values` at `places`."""
    curve = values[0]
    for (a, left), (b, right) in pairwise(zip(places, values, strict=True)):
        curve = curve + (right - left) * np.clip((t - a) / (b - a), 0, 1)
    return curve


def _cover(*depths):
    """How much of each pixel lies inside all the edges (depth > 0)."""
    return np.clip(reduce(np.minimum, depths) + 0.5, 0, 1)


def _cloth(rng, p, x, y):
    """Brightness of the cloth: grain, motif, stripes, folds, two tones."""
    noise = rng.standard_normal((len(x), 28, 28), dtype=np.float32)
    noise += np.roll(noise, 1, 1)
    noise += np.roll(noise, 1, 2)  # sums over 2 x 2 pixels make blobs
    tone = 1 + (0.02 + p.motif / 2) * noise
    tone += p.rows * np.cos(p.pitch * y + p.phase)
    tone += p.columns * np.cos(p.pitch * x + p.phase)
    tone += 0.1 * np.cos(0.6 * x + 0.1 * y + p.phase)
    return p.tone * tone * (1 + p.block * (y > p.level))


def _top(p, x, y, tone):
    """A trunk and two sleeves, with neckline, collar, front, buttons, logo."""
    far = np.abs(x)
    sides = p.neck + 1, p.shoulder, p.chest, p.waist, p.hip
    trunk = _curve(y, (-14, -11, -5, 3, 13), sides) - far
    arm = _curve(y, (-13, -6, 13), (p.shoulder - 3, p.chest + 1, p.wrist))
    sleeve = p.thick - np.abs(far - arm), p.cuff - y - 0.3 * far + 3, y + 12
    neck = p.neck * (1 - (y + 13) / p.scoop) - far
    tone *= 1 - p.seam * _cover(0.5 - np.abs(trunk), y + 9)
    tone *= 1 + p.collar * _cover(neck + 2.5)
    tone *= 1 + p.front * _cover(p.gap + p.open / 20 * (y + 13) - far)
    tone *= 1 + p.button * _cover(np.cos(1.6 * y) - 0.7, 0.6 - far)
    tone *= 1 + p.logo * _cover(p.badge - far, p.badge / 2 - np.abs(y + 4))
    shape = np.maximum(_cover(trunk, p.hem - y, y + 13), _cover(*sleeve))
    return shape * tone * (1 - 0.5 * _cover(neck))


def _trouser(p, x, y, tone):
    """Two legs that part at the crotch."""
    far = np.abs(x)
    outer = _curve(y, (-13, -6, 13), (p.waist, p.hip, p.stance + p.leg))
    inner = _curve(y, (p.crotch, 13), (-0.5, p.stance - p.leg))
    return tone * _cover(outer - far, far - inner, y + 13, p.hem - y)


def _shoe(p, x, y, tone):
    """A sole and an upper, toe to the left, cut into straps where it gapes."""
    lift = np.maximum(p.lift, 0)
    base = p.base + lift / 2  # high heels fill the frame
    foot = base - _curve(x, (-6, 5), (0, lift))
    ground = np.where(x > p.post, base, foot)
    ankle = p.tongue + p.dip
    places = -13, -9, p.throat - 3, p.throat, p.throat + 4, 12
    tops = p.toe, p.vamp, p.instep, p.tongue, ankle, ankle + p.tab
    height = foot - y
    depth = _curve(x, places, tops) - height
    lace = _cover(np.cos(2 * x), depth, 3 - depth, p.throat - x, x + 9)
    wave = np.cos(p.strap * (x + p.slant * y) + p.phase)
    cord = p.cord * _cover(1.5 - depth)  # joins the straps along their tops
    upper = _cover(height - p.sole, depth) * tone * (1 + p.lace * lace)
    upper *= np.maximum(_cover(3 * (wave - p.gape)), cord)
    sole = _cover(ground - y, p.sole - height)
    return (upper + sole * (p.rubber - upper)) * _cover(12.5 - x, x + 13)


def _bag(p, x, y, tone):
    """A box with a flap, a clasp and an arched or pointed handle."""
    far = np.abs(x)
    box = _cover(p.wide + p.taper * y / 10 - far, y - p.lid, p.floor - y)
    ring = (far / p.grip) ** p.bend
    ring = ring + (np.abs(y - p.lid) / np.maximum(p.rise, 0.1)) ** p.bend
    handle = _cover(0.7 - 3 * np.abs(ring - 1), p.lid - y)
    edge = p.lid + p.drop - 0.2 * far - y
    tone *= 1 + p.flap * _cover(edge)
    tone *= 1 + p.clasp * _cover(1.2 - far, 1.2 - np.abs(edge))
    return np.maximum(box, handle) * tone


_KINDS = {  # in the order of the labels
    "t-shirt": (_top, _TOP | dict(cuff=(-8, 1), thick=(2.2, 3.6))),
    "trouser": (_trouser, _ANY | dict(
        waist=(3.5, 5.5), hip=(4, 6), crotch=(-8, -2), stance=(1.4, 5),
        leg=(1.2, 2.6), hem=(12, 14))),
    "pullover": (_top, _TOP | dict(
        hem=(9, 13), cuff=(10, 14), hip=(5, 7.5), wrist=(8, 12.5))),
    "dress": (_top, _TOP | dict(
        shoulder=(3.5, 7), chest=(3.5, 7), waist=(3, 6.5), hip=(3.5, 9),
        cuff=(-16, 12), wrist=(4.5, 9.5), thick=(1.3, 2.5), hem=(13, 14))),
    "coat": (_top, _TOP | dict(
        neck=(1.5, 3.5), hip=(5.5, 9), hem=(12, 14), cuff=(7, 12),
        front=(-0.8, 0.8, 0.95), open=(0, 4), collar=(-0.6, 0.6),
        button=(-1, 1, 0.4), logo=(0, 0))),
    "sandal": (_shoe, _SHOE | dict(
        base=(3, 9), lift=(-3, 9), post=(7, 11.5), toe=(1, 3), vamp=(3, 7),
        throat=(-3, 4), instep=(2, 8), tongue=(4, 9), dip=(-5, 2),
        tab=(-2, 6), gape=(-1, 0.8), cord=(1, 1, 0.8), lace=(0, 0))),
    "shirt": (_top, _TOP | dict(
        hem=(11.5, 14.5), cuff=(-8, 11), front=(-0.8, 1, 0.95),
        collar=(-0.6, 0.8), button=(-1, 1, 0.6), logo=(0, 0))),
    "sneaker": (_shoe, _SHOE),
    "bag": (_bag, _ANY | dict(
        wide=(6, 13), taper=(-2, 2), lid=(-9, 0), floor=(7, 13), grip=(3, 8),
        rise=(1, 10, 0.9), bend=(1, 3), flap=(-0.5, 0.3, 0.5), drop=(2, 8),
        clasp=(-0.8, 0.5, 0.5))),
    "ankle boot": (_shoe, _SHOE | dict(
        base=(7.5, 10.5), throat=(-3, 3), instep=(6, 10), tongue=(10, 19),
        dip=(-1, 1), tab=(-1, 1), lift=(0, 3), gape=(-3, -0.9))),
}  # fmt: skip


def _paint(rng, paint, ranges, n):
    """Draw the random numbers of `n` pictures of one kind and paint them."""
    p = SimpleNamespace()
    for name, (low, high, *chance) in ranges.items():
        value = low + (high - low) * rng.random((n, 1, 1), dtype=np.float32)
        if chance:
            value *= rng.random((n, 1, 1), dtype=np.float32) < chance[0]
        setattr(p, name, value)
    y = (_AXIS[:, None] - p.dy) / p.size
    x = (_AXIS - p.dx) / p.size + p.lean * y
    image = paint(p, x, y, _cloth(rng, p, x, y))
    return np.clip(255 * image, 0, 255).astype(np.uint8)


def draw(num_images, seed):
    """Draw `num_images` grayscale pictures of clothing and their labels.

    Returns (images, labels): uint8 arrays of shape (n, 28, 28), values 0..255,
    and (n,), values 0..9.  The same arguments give the same arrays; another
    `num_images` gives other pictures, not a longer or shorter run of them.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    labels = rng.permutation(np.arange(num_images) % 10).astype(np.uint8)
    images = np.empty((num_images, 28, 28), np.uint8)
    for label, (paint, ranges) in enumerate(_KINDS.values()):
        where = np.flatnonzero(labels == label)
        for start in range(0, len(where), _CHUNK):
            chunk = where[start : start + _CHUNK]
            images[chunk] = _paint(rng, paint, ranges, len(chunk))
    return images, labels
