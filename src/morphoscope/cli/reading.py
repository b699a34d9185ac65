"""The commands from runs to an atlas: train, evaluate, explain, classify, scan."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import morphoscope
from morphoscope.cli import parsing, show
from morphoscope.cli.base import Cluster, Json, OutFolder, Overwrite, Seed, Workers, app, example
from morphoscope.cli.progress import reporter
from morphoscope.core.errors import UsageError

if TYPE_CHECKING:
    from morphoscope.learning.over_time import OverTime

ClassifierSource = Annotated[str, typer.Argument(metavar="CLASSIFIER", help="A classifier's folder or a shipped name.")]
Labelled = Annotated[Path, typer.Argument(help="A labelled or annotated ensemble.")]
Compared = Annotated[
    Path, typer.Argument(help="A labelled or annotated ensemble; for an estimator, any ensemble of its model.")
]


@app.command(epilog=example("morphoscope train train --validation validation --out classifier"))
def train(
    data: Annotated[
        Path,
        typer.Argument(
            help="A labelled or annotated ensemble, a confirmed chart, or a folder of photographs, a subfolder a class."
        ),
    ],
    out: OutFolder,
    validation: Annotated[
        Path | None,
        typer.Option(
            help="Another labelled ensemble, used to choose the epoch that is kept.",
            show_default="every fourth run of a chart, an annotated ensemble, or photographs",
        ),
    ] = None,
    target: Annotated[
        str | None,
        typer.Option(help="Parameters, as in f,k: train an estimator of them on any ensemble; see `infer`."),
    ] = None,
    network: Annotated[
        str,
        typer.Option(
            help="periodic-2d, scholz2022-2d, scholz2022-3d, sequence-2d, encoder-linear, or encoder-windows."
        ),
    ] = "periodic-2d",
    pretrained: Annotated[
        str | None,
        typer.Option(
            "--from",
            help="Start from an encoder or a classifier: its folder, `shipped` (the encoder), a shipped name, or "
            "timm:NAME.",
        ),
    ] = None,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="With --from: fit only the last layer, which needs few labels.")
    ] = False,
    epochs: Annotated[int | None, typer.Option(help="Number of epochs. Default: the network's.")] = None,
    seed: Seed = 0,
    paper_augmentation: Annotated[
        bool,
        typer.Option("--paper-augmentation", help="Also rotate, shear and zoom at random, as the paper does."),
    ] = False,
    overwrite: Overwrite = False,
    json: Json = False,
) -> None:
    """Train a network on labelled runs; with --target, on the parameters of any runs."""
    made: Any = morphoscope.train(
        data,
        validation,
        out,
        target=target,
        network=network,
        pretrained=pretrained,
        freeze=freeze,
        epochs=epochs,
        seed=seed,
        paper_augmentation=paper_augmentation,
        overwrite=overwrite,
        progress=reporter(),
    )
    if target is not None:
        from morphoscope.cli.estimating import show_training

        show_training(made, json=json)
        return
    history = made.provenance["history"]
    kept = history[made.provenance["kept_epoch"] - 1] if history else None
    if json:
        show.as_json({"kept": kept, "temperature": made.temperature, **made.summary()})
        return
    if kept is None:
        runs = made.provenance["training"]["runs"]
        show.line(f"{out}: last layer of {made.network} fitted to {runs} runs of {len(made.classes)} classes")
    else:
        show.line(
            f"{out}: epoch {kept['epoch']} kept, validation accuracy {kept['validation_accuracy']:.2%}, "
            f"{history[-1]['seconds']:.0f} s"
        )
    if homogeneous := [known.name for known in made.homogeneous or ()]:
        show.line(f"homogeneous runs, which theory reads: {', '.join(homogeneous)}")


@app.command(epilog=example("morphoscope evaluate classifier test --out evaluation"))
def evaluate(
    classifier: Annotated[
        str, typer.Argument(metavar="CLASSIFIER", help="A classifier's folder or a shipped name; or an estimator.")
    ],
    data: Compared,
    out: Annotated[Path | None, typer.Option(help="Folder for numbers and figures.")] = None,
    over_time: Annotated[
        bool, typer.Option("--over-time", help="Read the runs at several times: how early can a class be read?")
    ] = False,
    times: Annotated[
        str | None,
        typer.Option(help="With --over-time, as in 500,1000,2000. Default: the runs' snapshots, or 30 times."),
    ] = None,
    json: Json = False,
) -> None:
    """Compare a classifier with labels, or an estimator with parameters: errors and calibration."""
    from morphoscope.atlas.classes import ordered, symbol
    from morphoscope.learning.evaluation import Evaluation

    read_at = parsing.times(times)
    found: Any = morphoscope.evaluate(classifier, data, out, over_time=over_time, times=read_at, progress=reporter())
    if json:
        show.as_json(found.to_dict())
        return
    if over_time:
        _tell_over_time(found)
        return
    if not isinstance(found, Evaluation):
        from morphoscope.cli.estimating import show_calibration

        show_calibration(found)
        return
    show.line(f"accuracy of the network  {found.accuracy}")
    show.line(f"  at seen points         {found.seen}")
    show.line(f"  at unseen points       {found.unseen}")
    show.line(f"with theory              {found.combined} ({found.homogeneous} homogeneous runs read by theory)")
    show.line(f"calibration error        {found.expected_calibration_error:.4f}")

    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.1%}"

    rows = [
        (symbol(n), n, found.support[n], share(found.precision[n]), share(found.recall[n]))
        for n in ordered(list(found.classes))
    ]
    show.table(("", "class", "runs", "precision", "recall"), rows)
    for true, read, count in found.confused():
        show.line(f"  {symbol(true)} read as {symbol(read)}: {count}")


def _tell_over_time(found: OverTime) -> None:
    """Print the accuracy at each time, and for each class when its runs settle."""
    from morphoscope.atlas.classes import ordered, titled
    from morphoscope.learning.over_time import EVERY

    pairs = zip(found.times, found.accuracy(), found.as_at_the_end(), strict=True)
    rows = [(f"{time:g}", str(accuracy), f"{same:.1%}") for time, accuracy, same in pairs]
    show.table(("read at t", "accuracy [95 % interval]", "as at the end"), rows)
    classes = [
        (titled(name), int(found.of_class(name).sum()), f"{found.accuracy(name)[-1].value:.1%}",
         *(f"{time:g}" for time in found.settling(name)))
        for name in (*ordered(list(found.classes)), EVERY)
    ]  # fmt: skip
    show.table(("class", "runs", "accuracy at the end", "half settled at", "90 % settled at"), classes)


@app.command(epilog=example("morphoscope explain classifier test --out saliency"))
def explain(
    classifier: ClassifierSource,
    data: Labelled,
    out: OutFolder,
    per_class: Annotated[int, typer.Option(help="Patterns of each class.")] = 1,
) -> None:
    """Draw saliency maps, which show where in a pattern the network looks."""
    found = morphoscope.explain(classifier, data, out, per_class=per_class)
    show.line(f"{len(found.classes)} patterns explained; see {out / 'saliency.png'}")


@app.command(epilog=example("morphoscope classify run/u.png"))
def classify(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="[CLASSIFIER] DATA",
            help="What to read: a run's folder, an ensemble, or a file (.npy, .npz, PNG, TIFF). Before it, a "
            "classifier; without one, the shipped one for Gray–Scott reads.",
        ),
    ],
    cell_size: Annotated[
        float | None,
        typer.Option(help="For an array or a picture: the side of a cell, in the units of the training runs."),
    ] = None,
    resize: Annotated[
        bool,
        typer.Option(
            "--resize", help="Interpolate an array or a picture to the grid of the training; --cell-size is better."
        ),
    ] = False,
    coverage: Annotated[
        float, typer.Option(help="Share of validation patterns whose set of classes contains their class.")
    ] = 0.9,
    json: Json = False,
) -> None:
    """Read patterns. Prints class, probability, margin, known score, set of classes, and what determined the class."""
    from morphoscope.cli.readings import show_reading
    from morphoscope.learning.classifier import DEFAULT, METADATA_FILE, shipped_names

    if len(sources) > 2:
        raise UsageError(f"unexpected {' '.join(sources[2:])!r}; give a classifier and one pattern, folder or ensemble")
    classifier, patterns = sources if len(sources) == 2 else (DEFAULT, sources[0])
    if len(sources) == 1 and (patterns in shipped_names() or (Path(patterns) / METADATA_FILE).is_file()):
        raise UsageError(f"{patterns} is a classifier; name the pattern that it shall read after it")
    found = morphoscope.classify(
        classifier, patterns, cell_size=cell_size, resize=resize, coverage=coverage, progress=reporter()
    )
    show_reading(found, json=json)


@app.command(epilog=example("morphoscope scan classifier scan --out atlas"))
def scan(
    classifier: ClassifierSource,
    data: Annotated[
        Path,
        typer.Argument(help="An ensemble over a parameter space; with --adaptive also a plan (.json) or a recipe."),
    ],
    out: OutFolder,
    over_time: Annotated[
        bool,
        typer.Option("--over-time", help="Also read every run at its earlier snapshots: since when is it settled?"),
    ] = False,
    adaptive: Annotated[
        bool,
        typer.Option("--adaptive", help="Simulate only some runs, where classes border, and infer the other points."),
    ] = False,
    budget: Annotated[int | None, typer.Option(help="With --adaptive: number of runs to simulate.")] = None,
    seed: Annotated[int, typer.Option(help="With --adaptive: seed of the first points.")] = 0,
    workers: Annotated[
        int | None, typer.Option(help="With --adaptive: number of threads. Default: one per core.")
    ] = None,
    overwrite: Overwrite = False,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Read an ensemble into an atlas. Its points.csv has the class of every run and what determined it."""
    made = morphoscope.scan(
        classifier,
        data,
        out,
        over_time=over_time,
        adaptive=adaptive,
        budget=budget,
        seed=seed,
        workers=workers,
        overwrite=overwrite,
        cluster=cluster,
        progress=reporter(),
    )
    inferred = 0 if made.inferred is None else len(made.inferred[0])
    by = {name: int((made.read_by == name).sum()) for name in ("network", "theory", "variance")}
    if json:
        known = {} if made.reading.known is None else {"unknown": int(made.reading.unknown.sum())}
        filled = {"inferred": inferred} if adaptive else {}
        show.as_json({"runs": len(made.runs), "read_as": made.counts(), "read_by": by, **known, **filled})
        return
    read = ", ".join(f"{name} {count}" for name, count in made.counts().items() if count)
    deciders = ", ".join(f"{count} by {name}" for name, count in by.items() if count)
    unknown = f"; {count} of them unknown" if (count := int(made.reading.unknown.sum())) else ""
    show.line(f"{out}: {len(made.runs)} runs read ({deciders}) as {read}{unknown}; see {out / 'points.csv'}")
    if inferred:
        show.line(f"{inferred} points were not simulated; their classes are inferred from the runs that were")


@app.command(epilog=example("morphoscope agree atlas atlas2"))
def agree(
    atlas: Annotated[Path, typer.Argument(help="An atlas.")],
    other: Annotated[Path, typer.Argument(help="Another atlas of the same runs.")],
    json: Json = False,
) -> None:
    """Compare the classes that two atlases give to the same runs."""
    found = morphoscope.agree(atlas, other)
    if json:
        import dataclasses

        show.as_json(dataclasses.asdict(found))
        return
    show.agreement(found, "runs")


@app.command(epilog=example("morphoscope reproduce scholz2022 --profile paper --out results"))
def reproduce(
    study: Annotated[str, typer.Argument(help="scholz2022")],
    out: OutFolder,
    profile: Annotated[str, typer.Option(help="quick (fewer runs) or paper (all of them).")] = "quick",
    network: Annotated[str, typer.Option(help="periodic-2d or scholz2022-2d.")] = "periodic-2d",
    seed: Annotated[int, typer.Option(help="Seed of the training.")] = 0,
    second_pass: Annotated[
        bool,
        typer.Option(
            "--second-pass", help="Also run the second pass, whose training set has π, and compare both maps."
        ),
    ] = False,
    time_axis: Annotated[
        bool,
        typer.Option("--time-axis", help="Also train the paper's 3D network on ten frames, beside its 2D network."),
    ] = False,
    workers: Workers = None,
    cluster: Cluster = None,
    json: Json = False,
) -> None:
    """Repeat a published study, from the first run to the report; an interrupted one is continued."""
    done = morphoscope.reproduce(
        study,
        out,
        profile=profile,
        network=network,
        seed=seed,
        second_pass=second_pass,
        time_axis=time_axis,
        workers=workers,
        cluster=cluster,
        progress=reporter(),
    )
    if json:
        show.as_json(done.to_dict())
        return
    second = done.second_pass
    judged: dict[str, Any] = {"first": done.evaluations} | ({"second": second.second.evaluations} if second else {})
    if done.time_axis:
        judged |= {name: one.evaluations for name, one in done.time_axis.trained.items()}
    rows: list[tuple[Any, ...]] = [
        (number, name, e.accuracy, f"{e.expected_calibration_error:.3f}")
        for number, evaluations in judged.items()
        for name, e in evaluations.items()
    ]
    show.table(("pass", "set", "accuracy [95 % interval]", "calibration"), rows)
    if second:
        show.agreement(second.agreement, "runs of the scan")
        show.line(second.search.summary())
    if done.time_axis:
        columns = ("class", "read as", *done.time_axis.trained, "with the 3D network")
        confusions = [(c.true, c.read, *c.runs.values(), c.verdict) for c in done.time_axis.confusions()]
        show.table(columns, confusions)
    show.line(f"{sum(done.seconds.values()) / 60:.1f} minutes in all; the report is {done.report.resolve()}")
