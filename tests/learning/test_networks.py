import math

import pytest
import torch
from torch import nn

from morphoscope.core.errors import UsageError
from morphoscope.learning.networks import build, get_network, network_names
from morphoscope.learning.networks.periodic_2d import _Wrap
from morphoscope.learning.networks.sequence_2d import WINDOW, random_window
from morphoscope.learning.symmetry import Augmentation, random_affine, random_symmetry, square_symmetry


def count(module):
    buffers = (b for b in module.buffers() if b.dim() > 0)  # statistics, without the counter of batches
    return sum(p.numel() for p in module.parameters()), sum(b.numel() for b in buffers)


@pytest.mark.parametrize("name", network_names())
class TestEveryNetwork:
    @pytest.mark.parametrize(("frames", "classes"), [(3, 15), (10, 16)])
    def test_maps_patterns_to_logits(self, name, frames, classes):
        frames = max(frames, get_network(name).min_frames)
        module = build(name, frames, classes).eval()
        assert module(torch.rand(2, frames, 128, 128)).shape == (2, classes)

    def test_learns_from_every_parameter(self, name):
        frames = max(3, get_network(name).min_frames)
        module = build(name, frames, 4)
        module(torch.rand(4, frames, 128, 128)).sum().backward()
        assert all(p.grad is not None and p.grad.isfinite().all() for p in module.parameters())

    def test_training_settings_are_valid(self, name):
        settings = get_network(name).training
        assert settings.epochs > 0
        assert settings.batch > 0
        assert 0 <= settings.average < 1


def test_the_papers_network_has_the_papers_size():
    trainable, statistics = count(build("scholz2022-2d", 3, 15))
    assert (trainable + statistics, statistics) == (277_723, 6)


def test_the_papers_network_has_the_papers_layers():
    sizes = []
    patterns = torch.rand(1, 3, 128, 128)
    for layer in build("scholz2022-2d", 3, 15).eval():
        patterns = layer(patterns)
        if patterns.dim() == 4 and patterns.shape[-1] not in sizes:
            sizes.append(patterns.shape[-1])
    assert sizes == [128, 63, 61, 30, 28, 14, 12, 6, 1]


def test_the_papers_3d_network_has_the_size_of_its_layers():
    """Width × height × depth × input × kernels + kernels of every layer, and the batch norm of one channel."""
    convolutions = [(3, 3, 2, 1, 32), (3, 3, 1, 32, 64), (3, 3, 1, 64, 64)]
    dense = [(64, 256), (256, 15)]
    layers = sum(math.prod(shape) + shape[-1] for shape in [*convolutions, *dense])
    trainable, statistics = count(build("scholz2022-3d", 10, 15))
    assert (trainable, statistics) == (layers + 2, 2)
    assert trainable + statistics == 76_531


@pytest.mark.parametrize("frames", [4, 10])
def test_the_papers_3d_network_has_the_papers_layers(frames):
    """Against three-dimensional layers in the order of the paper."""
    torch.manual_seed(3)
    module = build("scholz2022-3d", frames, 15).eval()
    module.norm.running_mean.fill_(0.4)
    module.norm.running_var.fill_(0.05)
    module.scale.data.fill_(1.3)
    module.offset.data.fill_(-0.2)
    norm = nn.BatchNorm3d(1).eval()
    values = {"weight": module.scale, "bias": module.offset, **module.norm.state_dict()}
    norm.load_state_dict(values)
    first = nn.Conv3d(1, 32, (2, 3, 3), stride=2)
    first.load_state_dict({"weight": module.first.weight[:, None], "bias": module.first.bias})
    later = []
    for layer in (module.second, module.third):
        later.append(nn.Conv3d(layer.in_channels, 64, (1, 3, 3)))
        later[-1].load_state_dict({"weight": layer.weight[:, :, None], "bias": layer.bias})
    patterns = torch.rand(3, frames, 128, 128)
    field = torch.relu(first(norm(patterns[:, None])))
    sizes = [field.shape[2:]]
    field = nn.functional.max_pool3d(field, 2)
    for layer in later:
        field = nn.functional.max_pool3d(torch.relu(layer(field)), (1, 2, 2))
        sizes.append(field.shape[2:])
    assert sizes == [(frames // 2, 63, 63), (frames // 4, 14, 14), (frames // 4, 6, 6)]
    assert torch.allclose(module.head(field.amax((2, 3, 4))), module(patterns), atol=1e-5)


def test_our_network_is_invariant_to_periodic_shifts():
    torch.manual_seed(0)
    module = build("periodic-2d", 3, 15).eval()
    patterns = torch.rand(2, 3, 128, 128)
    for shift in ((16, 0), (0, 48), (32, 80)):
        moved = module(torch.roll(patterns, shift, dims=(2, 3)))
        assert torch.allclose(moved, module(patterns), atol=1e-4)


@pytest.fixture(scope="module")
def sequence():
    torch.manual_seed(1)
    module = build("sequence-2d", 10, 15)
    module(torch.rand(2, 10, 64, 64))  # gives the running statistics of the batch norms a value
    return module.eval()


def test_the_sequence_network_is_invariant_to_periodic_shifts(sequence):
    patterns = torch.rand(2, 4, 64, 64)
    for shift in ((16, 0), (0, 48), (32, 16)):
        moved = sequence(torch.roll(patterns, shift, dims=(2, 3)))
        assert torch.allclose(moved, sequence(patterns), atol=1e-4)


def test_the_sequence_network_reads_any_number_of_frames(sequence):
    build("sequence-2d", 3, 15).load_state_dict(sequence.state_dict())  # the weights have the same shapes
    at_rest = torch.rand(2, 1, 64, 64)
    for frames in (2, 3, 10, 17):  # a pattern that does not change is the same in each
        assert torch.allclose(sequence(at_rest.expand(-1, frames, -1, -1)), sequence(at_rest), atol=1e-4)
    moving = torch.rand(2, 6, 64, 64)
    assert (sequence(moving) - sequence(moving[:, -1:])).abs().max() > 1e-4


def test_the_sequence_network_sees_a_change_wherever_it_is(sequence):
    """The same event earlier or later in a sequence, far from its ends, is read the same."""
    still, other = torch.rand(1, 64, 64), torch.rand(1, 64, 64)
    early, late = (torch.cat([still] * n + [other] + [still] * (12 - n))[None] for n in (4, 7))
    assert torch.allclose(sequence(early), sequence(late), atol=1e-4)


def test_training_of_the_sequence_network_begins_at_any_frame():
    frames = torch.arange(10.0)[None, :, None, None]
    windows = {tuple(random_window(frames).flatten().tolist()) for _ in range(300)}
    assert windows == {tuple(range(start, start + WINDOW)) for start in range(11 - WINDOW)}
    assert random_window(frames[:, :WINDOW]).shape[1] == WINDOW


def test_unknown_network_names_the_nearest():
    with pytest.raises(UsageError, match="did you mean 'periodic-2d'"):
        get_network("periodic2d")


def test_the_eight_symmetries_are_a_group():
    pattern = torch.rand(3, 6, 6)
    images = [square_symmetry(pattern, which) for which in range(8)]
    for i, image in enumerate(images):
        assert sum(torch.equal(image, other) for other in images) == 1, i
        for which in range(8):
            assert any(torch.equal(square_symmetry(image, which), other) for other in images)
    assert torch.equal(images[0], pattern)
    assert any(torch.equal(torch.rot90(pattern, 1, (1, 2)), image) for image in images)


def test_symmetries_preserve_values_and_transform_all_frames_alike():
    stream = torch.Generator().manual_seed(1)
    pattern = torch.rand(1, 8, 12).expand(3, -1, -1) + torch.tensor([0.0, 1.0, 2.0])[:, None, None]
    for _ in range(20):
        changed = random_symmetry(pattern, stream)
        assert changed.shape == pattern.shape
        assert torch.allclose(changed[1] - changed[0], torch.ones(8, 12), atol=1e-5)
        assert torch.equal(changed[0].flatten().sort()[0], pattern[0].flatten().sort()[0])


def test_the_engine_commutes_with_symmetries(gray_scott):
    """The augmentation assumes that the engine commutes with shifts and the symmetries of the square."""
    import numpy as np

    from morphoscope.engines import Grid, Job, get_engine
    from morphoscope.engines.initial import InitialCondition, stream

    start = InitialCondition("spots").state(gray_scott, (48, 48), stream(1), {})

    def end(state):
        job = Job(gray_scott, Grid(48, 48), 0.25, {"f": 0.03, "k": 0.06}, state, (200,))
        return get_engine("reference").run(job).snapshots[0]

    for which in range(8):
        moved = square_symmetry(torch.from_numpy(np.roll(start, (5, 11), axis=(1, 2))), which).numpy()
        expected = square_symmetry(torch.from_numpy(np.roll(end(start), (5, 11), axis=(1, 2))), which)
        assert np.allclose(end(moved), expected.numpy(), atol=1e-12)


def test_affine_preserves_constants_and_the_range_of_values():
    stream = torch.Generator().manual_seed(2)
    constant = torch.full((4, 3, 16, 16), 0.7)
    assert torch.allclose(random_affine(constant, stream), constant, atol=1e-6)
    patterns = torch.rand(4, 3, 16, 16)
    changed = random_affine(patterns, stream)
    assert changed.shape == patterns.shape
    assert changed.min() >= patterns.min() - 1e-6
    assert changed.max() <= patterns.max() + 1e-6


def test_augmentation_is_reproducible():
    patterns = torch.rand(4, 3, 16, 16)
    augmentation = Augmentation(affine=0.5)
    once, again = (augmentation(patterns, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(once, again)
    assert not torch.equal(once, augmentation(patterns, torch.Generator().manual_seed(4)))


@pytest.mark.parametrize(("runs", "epochs"), [(10, 30), (750, 30), (1066, 30), (1600, 20), (100_000, 10)])
def test_large_sets_get_fewer_epochs_but_not_fewer_steps(runs, epochs):
    settings = get_network("periodic-2d").training
    assert settings.epochs_for(runs) == epochs
    if epochs < settings.epochs:
        assert epochs * (runs // settings.batch) >= settings.steps


def test_a_network_without_a_number_of_steps_has_the_same_epochs_for_all_sets():
    settings = get_network("scholz2022-2d").training
    assert settings.epochs_for(10) == settings.epochs_for(100_000) == settings.epochs


def test_our_networks_padding_continues_the_grid_over_its_edges():
    field = torch.rand(2, 3, 5, 7)
    wide = torch.nn.functional.pad(field, (2, 1, 2, 1), mode="circular")
    assert torch.equal(_Wrap(2, 1)(field), wide)
