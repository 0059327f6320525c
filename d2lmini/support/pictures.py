"""Pictures of figures: sharp, and light enough to be kept in a notebook."""

import io

import numpy as np
import torch
from PIL import Image, ImageChops, ImageStat


def png(figure):
    """Return a figure as PNG bytes, and the size at which to show it.

    Twice the resolution is sharp on fine screens; a palette makes the picture
    a third as heavy. A photo hardly gains from points that it must make up, and
    would take four times the bytes for them, so it is kept as large as it is
    shown.
    """
    full = io.BytesIO()
    figure.savefig(
        full,
        dpi=2 * figure.dpi,
        bbox_inches=figure.get_tightbbox().padded(0.1),  # "tight" draws twice
        pil_kwargs={"compress_level": 0},  # it is read again at once
    )
    picture = Image.open(full)
    width, height = picture.size
    about = {"width": width // 2, "height": height // 2}
    if living := getattr(figure, "living", None):
        about["living"] = living
    tones = _tones(figure)
    content = _packed(picture, tones)
    if len(content) > 0.15 * width * height:  # lines and letters: below 0.1
        content = _packed(picture.resize((width // 2, height // 2)), tones)
    return content, about


def _tones(figure):
    """Return the colors of all texts of a figure, each as one number."""
    from matplotlib.colors import to_rgba_array
    from matplotlib.text import Text

    tones = to_rgba_array([t.get_color() for t in figure.findobj(Text)])
    return np.unique(np.round(255 * tones).astype(np.uint8).view(np.uint32))


def _packed(picture, tones):
    """Return a picture as PNG bytes, with a palette if that does not show."""
    few, small = _with_palette(picture), io.BytesIO()
    if few.mode == "P":
        few = _with_tones(few, picture, tones)
    # Level 9 would take twice the time, for 2 % less.
    few.save(small, "png", compress_level=8)
    return small.getvalue()


def _with_tones(few, picture, tones):
    """Return a picture with a palette in which some tones are what they were.

    Letters have just the contrast that they need, on white and on black. A
    tone that is merged with near ones would be too light for one of them.
    """
    pixels = np.asarray(picture).view(np.uint32)[:, :, 0]
    places = np.array(few)
    colors = np.array(few.getpalette("RGBA"), np.uint8).view(np.uint32)
    for tone in tones:
        own = pixels == tone
        if own.any():
            place = np.bincount(places[own]).argmax()
            colors[place], places[own] = tone, place
    return _paletted(places, colors)


def _paletted(places, colors):
    """Return a picture of so many colors, at most 256."""
    picture = Image.fromarray(places)
    picture.putpalette(colors.tobytes(), "RGBA")
    return picture


def _with_palette(picture):
    """Return a picture with a palette, if one keeps its tones apart.

    Pillow's palette is the lightest, and good enough for lines and letters,
    but it merges near tones, as of images. They get their own most frequent
    colors, and keep all of them where these are too few. In a photo, whose
    colors are too many to count, nobody sees that near ones are merged.
    """
    few = picture.quantize(128)
    if _is_close(few, picture):
        return few
    if picture.getcolors(10_000):
        few, levels = _most_frequent_colors(picture), 1
    else:
        few, levels = picture.quantize(256), 6
    return few if _is_close(few, picture, levels) else picture


def _is_close(few, picture, levels=1):
    """Tell whether `few` is at most so many of 255 levels off, on average."""
    white = Image.new("RGBA", picture.size, "white")
    few = Image.alpha_composite(white, few.convert("RGBA"))
    picture = Image.alpha_composite(white, picture)
    means = ImageStat.Stat(ImageChops.difference(few, picture)).mean
    return sum(means) / 3 <= levels  # no alpha is left


def _most_frequent_colors(picture):
    """Return a picture in 256 of its colors."""
    pixels = np.asarray(picture).view(np.uint32)
    colors, places = np.unique(pixels, return_inverse=True)
    counts = np.bincount(places.ravel())
    kept = (-counts).argsort(kind="stable")[:256]
    colors = colors.view(np.uint8).reshape(len(colors), 4)
    tones = torch.from_numpy(colors).float()
    tones[:, :3] *= tones[:, 3:] / 255  # what is transparent shows less
    nearest = torch.cdist(tones, tones[kept]).argmin(dim=1)
    places = nearest.numpy().astype(np.uint8)[places]
    return _paletted(places.reshape(picture.size[::-1]), colors[kept])
