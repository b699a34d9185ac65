"""The descriptors of an ensemble, stored with its arrays as Zarr variables over the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from morphoscope.descriptors.table import BY_NAME, METHOD, names_except

if TYPE_CHECKING:
    from morphoscope.ensembles.places import Place
    from morphoscope.ensembles.plan import Plan

Columns = dict[str, NDArray[np.float64]]


def names_for(plan: Plan) -> tuple[str, ...]:
    """The descriptors for a plan's runs: all except those that have the name of a species or a parameter."""
    return names_except({*plan.model.species, *plan.model.parameters})


def read_descriptors(place: Place, plan: Plan) -> Columns:
    """The descriptors stored with the arrays of a plan, by name, one number per run; empty if there are none.

    NaN if a descriptor is undefined for a run, or not computed yet.
    """
    import zarr

    group = zarr.open_group(place.zarr_store(), mode="r")
    arrays = {name: group.get(name) for name in names_for(plan)}
    if any(array is None or array.attrs.get("method") != METHOD for array in arrays.values()):
        return {}
    return {name: np.asarray(array[:], dtype=np.float64) for name, array in arrays.items() if array is not None}


def undescribed(columns: Columns, runs: NDArray[np.intp]) -> NDArray[np.intp]:
    """Those of some runs that have no descriptors yet."""
    if not columns:
        return runs
    known = np.any([np.isfinite(column) for column in columns.values()], axis=0)
    return runs[~known[runs]]


def write_descriptors(place: Place, columns: Columns) -> None:
    """Write descriptors next to the arrays of an ensemble. Raises UsageError if they can't be written."""
    import zarr

    with place.errors():
        group: Any = zarr.open_group(place.variables(), mode="r+")
        for name, column in columns.items():
            group.create_array(
                name,
                data=column,
                chunks=column.shape,
                fill_value=float("nan"),
                dimension_names=("run",),
                attributes={"units": BY_NAME[name].unit, "long_name": BY_NAME[name].meaning, "method": METHOD},
                overwrite=True,
            )
