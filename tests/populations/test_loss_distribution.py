"""Long trainings are chaotic, so a single loss means nothing; over seeds, losses are those of plain PyTorch.

Both start from the same weights and see the same trials, so that the luck of a seed does not blur the comparison.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy import stats

from pyrnnsim import Population
from pyrnnsim.populations.torch_export import SteppedNetwork
from pyrnnsim.populations.trials import trial_seed
from pyrnnsim.tasks import FlipFlop

TASK = FlipFlop(bits=1, steps=15)
NETWORKS, ITERATIONS, BATCH, RATE, MOMENTUM, CLIP = 40, 250, 16, 0.05, 0.9, 1.0


def population(cell, activation, seeds):
    return Population.create([cell], [activation], [8], seeds, l2=[0.0], task=TASK)


def torch_losses(networks):
    """Final validation losses after SGD with momentum and clipping, all networks at once by vmap."""
    modules = [SteppedNetwork(network) for network in networks]
    weights = {name: one.detach() for name, one in torch.func.stack_module_state(modules)[0].items()}
    velocity = {name: torch.zeros_like(one) for name, one in weights.items()}

    def loss(own, inputs, targets):
        return (torch.func.functional_call(modules[0], own, (inputs,)) - targets).square().mean()

    gradients = torch.func.vmap(torch.func.grad(loss))
    for i in range(ITERATIONS):
        trials = [TASK.trials(BATCH, seed=trial_seed(0, network.seed), iteration=i) for network in networks]
        inputs, targets = (
            torch.from_numpy(np.stack([getattr(one, name) for one in trials])) for name in ("inputs", "targets")
        )
        grads = gradients(weights, inputs, targets)
        norm = torch.sqrt(sum(one.flatten(1).square().sum(1) for one in grads.values()))
        scale = torch.clamp(CLIP / norm, max=1.0)
        for name, grad in grads.items():
            velocity[name] = MOMENTUM * velocity[name] + scale.view(-1, *[1] * (grad.ndim - 1)) * grad
            weights[name] = weights[name] - RATE * velocity[name]
    trials = TASK.trials(256, seed=7)
    inputs, targets = torch.from_numpy(trials.inputs), torch.from_numpy(trials.targets)
    return torch.func.vmap(loss, in_dims=(0, None, None))(weights, inputs, targets).numpy()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "activation"), [("vanilla", "tanh"), ("ugrnn", "relu"), ("gru", "tanh"), ("lstm", "tanh")]
)
def test_final_losses_are_distributed_as_those_of_torch(cell, activation):
    options = {"optimizer": "sgd", "learning_rate": RATE, "momentum": MOMENTUM, "clip": CLIP}
    options |= {"iterations": ITERATIONS, "batch": BATCH}
    record = population(cell, activation, range(NETWORKS)).train(TASK, **options, progress=False)
    ours = record.population.evaluate(TASK, trials=256, seed=7).loss
    ratio = np.log(ours / torch_losses(population(cell, activation, range(NETWORKS))))
    assert stats.wilcoxon(ratio).pvalue > 0.01
    assert stats.wilcoxon(ratio + np.log(2.0)).pvalue < 0.01, "too few networks to see a factor of two"
