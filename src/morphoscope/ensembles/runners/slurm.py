"""Workers as Slurm jobs: a profile with the options of dask-jobqueue's SLURMCluster."""

from __future__ import annotations

import contextlib
import inspect
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from morphoscope.core.errors import UsageError, nearest
from morphoscope.ensembles.runners.dispatch import each_loss_is_reported

#: Options of SLURMCluster that are not values, or that are chosen here.
_NOT_IN_PROFILES = ("self", "loop", "asynchronous", "job_cls", "scheduler_cls", "security", "silence_logs", "scheduler")
_KINDS: dict[str, tuple[type, ...]] = {
    "n_workers": (int,),
    "cores": (int,),
    "processes": (int,),
    "memory": (str,),
    "walltime": (str,),
    "queue": (str,),
    "account": (str,),
    "interface": (str,),
    "job_extra_directives": (list, dict),
    "job_script_prologue": (list,),
    "job_directives_skip": (list,),
    "worker_extra_args": (list,),
    "log_directory": (str,),
    "local_directory": (str,),
    "scheduler_options": (dict,),
}
_KIND_NAMES: dict[type, str] = {int: "a whole number", str: "text", list: "a list", dict: "a mapping"}
_NEEDED = {"cores": "cores per job", "memory": "memory per job", "n_workers": "number of worker processes"}


def slurm_cluster(path: Path) -> Any:
    """A running SLURMCluster with the options in a YAML file, which replaces jobs that end before the work does.

    Raises UsageError for a profile that can't be read or that SLURMCluster does not take, and without Slurm.
    """
    options = read_profile(path)
    if shutil.which("sbatch") is None:
        raise UsageError("the command sbatch was not found; run this where Slurm's commands are, as on a login node")
    number = options.pop("n_workers")
    try:
        with each_loss_is_reported():
            cluster = _dask_jobqueue().SLURMCluster(**options, silence_logs="critical")
    except (TypeError, ValueError, RuntimeError, OSError) as error:
        raise UsageError(f"{path}: {' '.join(str(error).split())}; correct the profile") from error
    try:
        cluster.adapt(minimum=number, maximum=number)  # unlike scale, it replaces jobs that reach their time limit
    except BaseException:
        cluster.close()
        raise
    return cluster


def read_profile(path: Path) -> dict[str, Any]:
    """The options in a profile. Raises UsageError in one line for whatever SLURMCluster would not take."""
    import yaml

    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError(f"there is no profile {path}; expected a YAML file with options of SLURMCluster") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{path} can't be read as YAML ({' '.join(str(error).split())}); correct it") from error
    if not isinstance(values, Mapping) or not all(isinstance(name, str) for name in values):
        raise UsageError(f"{path} holds no options; expected lines such as 'cores: 16', options of SLURMCluster")
    options = dict(values)
    _check(path, options)
    return options


def _check(path: Path, options: dict[str, Any]) -> None:
    known = _known_options()
    for name, value in options.items():
        if name not in known:
            raise UsageError(f"{path}: unknown option {name!r} of SLURMCluster; {nearest(name, known)}")
        kinds = _KINDS.get(name)
        if kinds and (not isinstance(value, kinds) or isinstance(value, bool)):
            expected = " or ".join(_KIND_NAMES[kind] for kind in kinds)
            hint = "; put it in quotes" if kinds == (str,) else ""
            raise UsageError(f"{path}: {name} is {value!r}; expected {expected}{hint}")
    for name, meaning in _NEEDED.items():
        if name not in options:
            raise UsageError(f"{path} does not give {name}; add the {meaning}")
    for name in ("n_workers", "cores", "processes"):
        if options.get(name, 1) < 1:
            raise UsageError(f"{path}: {name} is {options[name]}; use 1 or more")


def _known_options() -> list[str]:
    """The options that SLURMCluster takes, from its signatures."""
    package = _dask_jobqueue()
    found: set[str] = set()
    for kind in (package.JobQueueCluster, package.core.Job, package.slurm.SLURMJob, package.SLURMCluster):
        with contextlib.suppress(ValueError, TypeError):
            found |= inspect.signature(kind.__init__).parameters.keys()
    deprecated = {"job_extra", "env_extra", "header_skip", "extra", "project"}
    variadic = {"kwargs", "args", "job_kwargs", "base_class_kwargs"}
    return sorted(found - set(_NOT_IN_PROFILES) - deprecated - variadic)


def _dask_jobqueue() -> Any:
    """The package. Its import sets a handler that ends this process with code 0 on Ctrl-C; the former one is kept."""
    handler = signal.getsignal(signal.SIGINT)
    import dask_jobqueue

    if handler is not None:
        signal.signal(signal.SIGINT, handler)
    return dask_jobqueue
