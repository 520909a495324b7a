"""Functions of torch tensors: the same points as the native cells, and nothing of the caller's is touched."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from dynamics.cases import assert_same_points, products

from pyrnnsim import Population, find_fixed_points, linearize

STARTS = np.random.default_rng(3).uniform(-1, 1, size=(120, 6))


class Elman(torch.nn.Module):
    def __init__(self, population: Population) -> None:
        super().__init__()
        self.weights = torch.nn.ParameterDict(
            {
                name: torch.nn.Parameter(torch.tensor(np.array(population[0].parameters[name][0])))
                for name in ("w_rec", "w_in", "b")
            }
        )

    def forward(self, h, x):
        return torch.tanh(h @ self.weights["w_rec"].T + x @ self.weights["w_in"].T + self.weights["b"])


@pytest.fixture(scope="module")
def population() -> Population:
    return Population.create(["vanilla"], ["tanh"], [6], [2], inputs=2, outputs=1, gain=2.0, dtype="float64")


def test_a_module_has_the_points_of_the_native_cell(population):
    x = [0.2, -0.1]
    native = find_fixed_points(population, x, starts=STARTS)[0, 0]
    module = Elman(population)
    found = find_fixed_points(module, x, starts=STARTS)[0, 0]
    assert_same_points(found, native.states[native.fixed])
    np.testing.assert_allclose(found.eigenvalues, native.eigenvalues, atol=1e-8)
    assert found.name == "Elman" and not found.must_be_one and found.outputs.shape[1] == 0
    assert all(one.requires_grad and one.grad is None for one in module.parameters())


def test_its_jacobians_are_those_of_the_native_cell(population):
    ours, theirs = (linearize(one, STARTS[:4], [0.2, 0.3]) for one in (population, Elman(population)))
    np.testing.assert_allclose(theirs.jacobian, ours.jacobian, atol=1e-12)
    np.testing.assert_allclose(theirs.input_jacobian, ours.input_jacobian, atol=1e-12)


def test_a_plain_function_without_inputs():
    gains = torch.tensor([2.0, 1.5], dtype=torch.float64)
    found = find_fixed_points(lambda h, x: torch.tanh(gains * h), np.zeros(0), starts=STARTS[:, :2])[0, 0]
    assert_same_points(found, products([2.0, 1.5]))


def test_float32_modules():
    found = find_fixed_points(Wrapped(torch.nn.Linear(3, 3)), [0.0], starts=STARTS[:, :3])[0, 0]
    assert found.fixed.sum() >= 1 and found.residual[found.fixed].max() < 1e-5


class Wrapped(torch.nn.Module):
    def __init__(self, cell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, h, x):
        torch.rand(1)  # a careless user
        return torch.tanh(self.cell(h)) + 0 * x.sum()


def test_generators_of_random_numbers_are_untouched():
    cell = torch.nn.Linear(2, 2)
    before = torch.get_rng_state()
    find_fixed_points(Wrapped(cell), [0.0], starts=STARTS[:5, :2])
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"inputs": [0.0]}, TypeError, "a function needs starts"),
        ({"starts": STARTS}, TypeError, "a function needs inputs"),
        ({"starts": STARTS, "inputs": [0.0], "function": lambda h, x: h[:, :2]}, ValueError, "shape of h"),
        ({"starts": STARTS, "inputs": [0.0], "function": lambda h, x: None}, ValueError, "got NoneType"),
    ],
)
def test_bad_functions(options, error, match):
    function = options.pop("function", lambda h, x: torch.tanh(h))
    with pytest.raises(error, match=match):
        find_fixed_points(function, **options)
