# SPDX-License-Identifier: Apache-2.0
"""Read map_server maps (YAML + PGM) into an immutable grid.

Rows run from y min upwards, so `grid.occupied[row, col]` lies at
`origin + ((col + 0.5) * resolution, (row + 0.5) * resolution)` in the map frame.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image
from pydantic import BaseModel, ConfigDict, Field, field_validator

from swarm_config.errors import ConfigError
from swarm_config.validation import read_model

Mask = npt.NDArray[np.bool_]
Origin = tuple[float, float, float]
"""x [m], y [m], yaw [rad] of the lower left corner in the map frame."""
SAVED_UNKNOWN = 205
BROKEN_IMAGE = (OSError, ValueError, SyntaxError, EOFError, Image.DecompressionBombError)
"""What Pillow's readers raise for files that they cannot read."""


class MapFile(BaseModel):
    """The fields of a map_server YAML file."""

    model_config = ConfigDict(extra='ignore', allow_inf_nan=False)

    image: str
    resolution: float = Field(gt=0.0, le=1.0)
    origin: Origin
    negate: int = Field(ge=0, le=1)
    occupied_thresh: float = Field(gt=0.0, le=1.0)
    free_thresh: float = Field(ge=0.0, lt=1.0)

    @field_validator('origin')
    @classmethod
    def _not_turned(cls, origin: Origin) -> Origin:
        if origin[2] != 0.0:
            raise ValueError('a turned map is not supported, expected yaw 0.0')
        return origin


@dataclass(frozen=True, slots=True, kw_only=True)
class GridMap:
    """A trinary occupancy grid in the map frame."""

    name: str
    resolution_m: float
    origin_x_m: float
    origin_y_m: float
    occupied: Mask
    """Shape (rows, cols), row 0 at y min."""
    free: Mask
    """Shape (rows, cols); a cell neither free nor occupied is unknown."""

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        rows, cols = self.free.shape
        return rows, cols

    def cell_of(self, x_m: float, y_m: float) -> tuple[int, int]:
        """Row and column of a point in the map frame [m]; may lie outside the grid."""
        return (
            int(np.floor((y_m - self.origin_y_m) / self.resolution_m)),
            int(np.floor((x_m - self.origin_x_m) / self.resolution_m)),
        )

    def centre_of(self, row: int, col: int) -> tuple[float, float]:
        """Map frame position [m] of a cell's centre."""
        return (
            self.origin_x_m + (col + 0.5) * self.resolution_m,
            self.origin_y_m + (row + 0.5) * self.resolution_m,
        )

    def contains(self, row: int, col: int) -> bool:
        """Whether the cell lies in the grid."""
        return 0 <= row < self.free.shape[0] and 0 <= col < self.free.shape[1]


def load_map(path: Path) -> GridMap:
    """Read a map_server YAML file and its image.

    Raises:
        ConfigError: The file or its image is missing, malformed or holds no free cell.
    """
    described = read_model(path, MapFile)
    pixels = _read_image(path, path.parent / described.image)
    grid = _to_grid(path.stem, described, pixels)
    if not grid.free.any():
        raise ConfigError(
            f'{path}: image: no free cell in {described.image!r}; expected a map with free floor'
        )
    return grid


def _read_image(path: Path, image_path: Path) -> npt.NDArray[np.uint8]:
    try:
        with Image.open(image_path) as image:
            return np.asarray(image.convert('L'))
    except BROKEN_IMAGE as error:
        raise ConfigError(
            f'{path}: image: cannot read {str(image_path)!r}; expected a PGM or PNG file'
        ) from error


def _to_grid(name: str, described: MapFile, pixels: npt.NDArray[np.uint8]) -> GridMap:
    """Apply map_server's trinary rule: p = (255 - x) / 255, or x / 255 when negated.

    One difference, on the safe side: 205, which map_saver writes for "unknown", stays unknown also
    where the file's free_thresh (often 0.25) would read it as free.
    """
    share = pixels.astype(np.float64) / 255.0
    occupancy = np.flipud(share if described.negate else 1.0 - share)
    return GridMap(
        name=name,
        resolution_m=described.resolution,
        origin_x_m=described.origin[0],
        origin_y_m=described.origin[1],
        occupied=np.ascontiguousarray(occupancy > described.occupied_thresh),
        free=np.ascontiguousarray(
            (occupancy < described.free_thresh) & np.flipud(pixels != SAVED_UNKNOWN)
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedMap:
    """A GridMap as plain values, small enough to stand in a record."""

    name: str
    resolution_m: float
    origin_x_m: float
    origin_y_m: float
    rows: int
    cols: int
    occupied: bytes
    free: bytes


def pack_map(grid: GridMap) -> PackedMap:
    """Pack a grid's masks to compressed bits."""
    rows, cols = grid.shape
    return PackedMap(
        name=grid.name,
        resolution_m=grid.resolution_m,
        origin_x_m=grid.origin_x_m,
        origin_y_m=grid.origin_y_m,
        rows=rows,
        cols=cols,
        occupied=zlib.compress(np.packbits(grid.occupied).tobytes()),
        free=zlib.compress(np.packbits(grid.free).tobytes()),
    )


def unpack_map(packed: PackedMap) -> GridMap:
    """Restore the grid that pack_map packed."""
    return GridMap(
        name=packed.name,
        resolution_m=packed.resolution_m,
        origin_x_m=packed.origin_x_m,
        origin_y_m=packed.origin_y_m,
        occupied=_unpack_mask(packed.occupied, packed.rows, packed.cols),
        free=_unpack_mask(packed.free, packed.rows, packed.cols),
    )


def _unpack_mask(bits: bytes, rows: int, cols: int) -> Mask:
    flat = np.unpackbits(np.frombuffer(zlib.decompress(bits), dtype=np.uint8), count=rows * cols)
    return flat.reshape(rows, cols).astype(np.bool_)
