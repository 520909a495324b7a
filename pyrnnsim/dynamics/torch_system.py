"""A function F(h, x) of torch tensors as a system, with Jacobians by automatic differentiation."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pyrnnsim.dynamics.bounds import Box, everywhere
from pyrnnsim.dynamics.points.newton import newton
from pyrnnsim.dynamics.points.slow import slowest
from pyrnnsim.dynamics.systems import FINE, ROUGH, Approach, Expansion

Floats = NDArray[np.float64]


class TorchSystem:
    """See :class:`pyrnnsim.dynamics.systems.System`.

    F is called with tensors (n, S) and (n, M) of the type of its first floating-point parameter, float64 if it has
    none, on that parameter's device. Gradients are asked for by ``torch.autograd.grad``, which leaves nothing in the
    ``grad`` of parameters; generators of random numbers are restored.
    """

    def __init__(self, function: Callable[[Any, Any], Any]) -> None:
        self.torch = import_module("torch")
        self.function = function
        self.name = getattr(function, "__name__", type(function).__name__)
        parameter = self._first_parameter()
        self.dtype = self.torch.float64 if parameter is None else parameter.dtype
        self.device = "cpu" if parameter is None else parameter.device
        self.epsilon = float(self.torch.finfo(self.dtype).eps)
        self.size = self.inputs = -1  # as the first states say
        self.smooth, self.threads = True, 1  # as far as anybody knows

    def step(self, states: Floats, x: Floats) -> Floats:
        """F at states (n, S) and inputs (M,) or (n, M)."""
        with self.torch.no_grad():
            return self._numbers(self._call(*self._tensors(states, x)))

    def expand(self, states: Floats, x: Floats) -> Expansion:
        """F and its derivatives: one backward pass for each of the S entries of the state."""
        with self.torch.enable_grad():
            h, u = (tensor.requires_grad_(True) for tensor in self._tensors(states, x))
            made = self._call(h, u)
            rows = [self._gradients(made[:, i].sum(), h, u) for i in range(self.size)]
        by_states, by_inputs = (self._numbers(self.torch.stack(part, dim=1)) for part in zip(*rows, strict=True))
        return Expansion(self._numbers(made), by_states, by_inputs)

    def box(self, x: Floats) -> Box:  # noqa: ARG002
        """Nothing is known."""
        return everywhere(self.size)

    def listed(self, x: Floats) -> None:
        """Nothing is known."""

    def approach(self, starts: Floats, x: Floats) -> Approach:
        """Two steps of F, then Newton's method to the neighbourhood of fixed points."""
        return newton(self, x, self.step(self.step(starts, x), x), tolerance=ROUGH)

    def refine(self, states: Floats, x: Floats) -> Floats:
        """Newton's method to rounding level."""
        return newton(self, x, states, tolerance=FINE).states

    def slowest(self, states: Floats, x: Floats, iterations: int, *, rough: bool = False) -> Floats:  # noqa: ARG002
        """By Levenberg and Marquardt's method."""
        return slowest(self, x, states, iterations=iterations)

    def outputs(self, states: Floats) -> Floats:
        """A function has no readout."""
        return np.zeros((len(states), 0))

    def _first_parameter(self) -> Any:
        owner: Any = self.function
        if not isinstance(owner, self.torch.nn.Module):
            return None
        return next((one for one in owner.parameters() if one.is_floating_point()), None)

    def _tensors(self, states: Floats, x: Floats) -> tuple[Any, Any]:
        inputs = np.array(np.broadcast_to(x, (len(states), np.shape(x)[-1])))
        self.size, self.inputs = states.shape[1], inputs.shape[1]
        as_tensor = self.torch.as_tensor
        return tuple(as_tensor(a.copy(), dtype=self.dtype, device=self.device) for a in (states, inputs))

    def _call(self, h: Any, u: Any) -> Any:
        with self.torch.random.fork_rng(devices=[]):
            made = self.function(h, u)
        if not isinstance(made, self.torch.Tensor) or made.shape != h.shape:
            got = f"shape {tuple(made.shape)}" if isinstance(made, self.torch.Tensor) else type(made).__name__
            raise ValueError(f"{self.name}: F(h, x) must give a tensor of the shape of h, {tuple(h.shape)}, got {got}")
        return made

    def _gradients(self, total: Any, h: Any, u: Any) -> tuple[Any, Any]:
        found = self.torch.autograd.grad(total, (h, u), retain_graph=True, allow_unused=True)
        return tuple(self.torch.zeros_like(of) if one is None else one for one, of in zip(found, (h, u), strict=True))

    def _numbers(self, tensor: Any) -> Floats:
        return np.asarray(tensor.detach().cpu().double().numpy())
