"""Catmull-Clark subdivision as a matrix.

Takes a coarse mesh's faces; gives the fine faces and a sparse matrix that takes any coarse
positions (or any other numbers per vertex) to fine ones. So the surface that is rendered is known
exactly in numpy, without asking the renderer. A triangle is a quad whose last corner is repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from .anatomy import Indices, Points


@dataclass(frozen=True, slots=True)
class Subdivision:
    """A refined mesh.

    Args:
        matrix: Sparse float64 [fine, coarse]; each row sums to 1.
        faces: int64 [F, 4], quads of fine vertices.
    """

    matrix: sparse.csr_matrix
    faces: Indices

    def __call__(self, coarse: Points) -> Points:
        """Fine values from coarse ones, [coarse, ...] to [fine, ...]."""
        return np.asarray(self.matrix @ coarse)


def subdivide(faces: Indices, vertices: int, levels: int) -> Subdivision:
    """Refine a mesh `levels` times.

    Args:
        faces: int64 [F, 4], coarse faces.
        vertices: How many coarse vertices there are.
        levels: How often every face is split in four; 0 keeps the mesh.
    """
    matrix = sparse.identity(vertices, format="csr")
    for _ in range(levels):
        step, faces = _refine(faces, matrix.shape[0])
        matrix = step @ matrix
    return Subdivision(matrix.tocsr(), faces)


def _refine(faces: Indices, count: int) -> tuple[sparse.csr_matrix, Indices]:
    rings = [list(dict.fromkeys(map(int, face))) for face in faces]
    sizes = np.array([len(ring) for ring in rings])
    face_of = np.repeat(np.arange(len(rings)), sizes)
    corner = np.concatenate([np.array(ring) for ring in rings])
    after = np.concatenate([np.array(ring[1:] + ring[:1]) for ring in rings])

    low, high = np.minimum(corner, after), np.maximum(corner, after)
    ends, edge_of = np.unique(np.stack([low, high], 1), axis=0, return_inverse=True)
    edge_of = edge_of.reshape(-1)
    sides = np.bincount(edge_of, minlength=len(ends))
    border = sides == 1

    face_point = _averages(face_of, corner, len(rings), count)
    midpoint = _averages(np.repeat(np.arange(len(ends)), 2), ends.reshape(-1), len(ends), count)
    beside = _averages(edge_of, face_of, len(ends), len(rings)) @ face_point
    inner = sparse.diags((~border).astype(float))
    edge_point = inner @ (0.5 * midpoint + 0.5 * beside) + (sparse.identity(len(ends)) - inner) @ (
        midpoint
    )
    vertex_point = _vertex_points(
        faces_at(face_of, corner, count), face_point, midpoint, ends, border, count
    )

    matrix = sparse.vstack([vertex_point, edge_point, face_point]).tocsr()
    edge_at = count + edge_of
    before = np.concatenate(
        [
            np.roll(edge_at[first : first + size], 1)
            for first, size in zip(np.cumsum(sizes) - sizes, sizes, strict=True)
        ]
    )
    fine = np.stack([corner, edge_at, count + len(ends) + face_of, before], 1)
    return matrix, fine


def faces_at(face_of: Indices, corner: Indices, count: int) -> sparse.csr_matrix:
    """Mean over the faces around each vertex, sparse [vertices, faces]."""
    return _averages(corner, face_of, count, int(face_of.max()) + 1)


def _vertex_points(
    around: sparse.csr_matrix,
    face_point: sparse.csr_matrix,
    midpoint: sparse.csr_matrix,
    ends: Indices,
    border: NDArray[np.bool_],
    count: int,
) -> sparse.csr_matrix:
    edge = np.repeat(np.arange(len(ends)), 2)
    valence = np.maximum(np.bincount(ends.reshape(-1), minlength=count), 1).astype(float)
    edges = _averages(ends.reshape(-1), edge, count, len(ends))
    smooth = sparse.diags(1 / valence) @ (
        around @ face_point + 2 * (edges @ midpoint)
    ) + sparse.diags(1 - 3 / valence)
    rim = ends[border].reshape(-1)
    rims = _averages(rim, np.repeat(np.flatnonzero(border), 2), count, len(ends))
    creased = 0.5 * sparse.identity(count) + 0.5 * (rims @ midpoint)
    on_rim = np.zeros(count)
    on_rim[rim] = 1.0
    unused = np.bincount(ends.reshape(-1), minlength=count) == 0
    keep = sparse.diags(unused.astype(float))
    inside = sparse.diags(np.where(unused, 0.0, 1.0 - on_rim))
    return inside @ smooth + sparse.diags(on_rim) @ creased + keep


def neighbours(faces: Indices, count: int) -> sparse.csr_matrix:
    """Mean over the vertices that share an edge with each, sparse [count, count]."""
    ends = np.concatenate([np.stack([faces[:, k], faces[:, k - 1]], 1) for k in range(4)])
    both = np.unique(np.concatenate([ends, ends[:, ::-1]]), axis=0)
    both = both[both[:, 0] != both[:, 1]]
    return _averages(both[:, 0], both[:, 1], count, count)


def _averages(row: Indices, column: Indices, rows: int, columns: int) -> sparse.csr_matrix:
    share = 1.0 / np.maximum(np.bincount(row, minlength=rows), 1)
    return sparse.csr_matrix((share[row], (row, column)), shape=(rows, columns))
