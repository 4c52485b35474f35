"""Where moving skin comes from: the way back leads to where the way there began."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("scipy", reason="the extra `portrait` is not installed")


def test_the_way_back_undoes_the_way_there() -> None:
    """A node that is moved back, then on as its field says there, is where it was: in each of two
    fields of other sizes, for each face of a batch."""
    import onnxruntime

    from livekit_plugins_avatar.tools.portrait.graph import Graph
    from livekit_plugins_avatar.tools.portrait.inverse import origins
    from livekit_plugins_avatar.tools.portrait.sampling import grid, sampled

    fields = []
    for rows, columns in ((20, 16), (9, 12)):
        y, x = np.mgrid[:rows, :columns]
        bump = np.sin(np.pi * x / (columns - 1)) * np.sin(np.pi * y / (rows - 1))
        fields.append(np.stack([bump, 0.7 * bump**2], -1)[..., None] * np.array([2.0, -1.0]))
    graph = Graph()
    found = origins(graph.input("face"), fields)
    sizes = [field[..., 0].size for field in fields]
    parts = [each.reshaped(-1, size) for each, size in zip(found, sizes, strict=True)]
    flat = graph.joined(parts, 1)
    graph.named((flat * 10.0).codes(100), "places")
    content = graph.model(2, "places", (sum(sizes),), {})
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    faces = np.array([[1.0, 0.0], [0.3, 0.5]], np.float32)
    drawn = (session.run(None, {"face": faces})[0].astype(float) - 100) / 10
    for face, places in zip(faces, drawn, strict=True):
        for field, part in zip(fields, np.split(places, sizes[:1]), strict=True):
            rows, columns = field.shape[:2]
            back = np.moveaxis(part.reshape(2, rows, columns), 0, -1)
            on = sampled(field @ face, grid(columns, rows) + back)
            assert np.abs(back + on).max() < 0.2
