"""The native cells inside torch: a whole sequence is one operation with its own gradient.

>>> import torch
>>> from pyrnnsim.torch import FusedRNN
>>> rnn = FusedRNN("ugrnn", inputs=3, units=64, activation="relu")
>>> states = rnn(torch.zeros(8, 100, 3))  # (B, T, S)
>>> states.square().mean().backward()

The operation is registered with ``torch.library``: ``torch.func.vmap`` makes a population of it, and
``torch.compile`` takes it without a graph break. It runs on the CPU, in float32 or float64, on
``torch.get_num_threads()`` threads.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from pyrnnsim import _core
from pyrnnsim.populations.cell import Cell, parse_cell
from pyrnnsim.populations.initialisation import INITIALISATIONS, initialise
from pyrnnsim.tasks.checks import whole_number

_WEIGHTS = ("w_rec", "w_in", "b", "b_rec")
#: What both operations take, six tensors and four options, in the notation of torch's schemas.
_TAKEN = (
    "Tensor inputs, Tensor initial, Tensor w_rec, Tensor w_in, Tensor b, Tensor? b_rec, "
    "str cell, str activation, float keep_bias, str candidate"
)


class FusedRNN(nn.Module):
    """A recurrent layer of one of pyrnnsim's cells.

    Args:
        cell: ``"vanilla"``, ``"ugrnn"``, ``"gru"`` or ``"lstm"``.
        inputs: M.
        units: N.
        activation: ``"tanh"`` or ``"relu"``.
        keep_bias: See :class:`pyrnnsim.populations.cell.Cell`, as for the next two.
        reset_after: Of a gru, torch's order of reset and product.
        candidate: Of an lstm.
        initialisation: ``"normal"``, ``"orthogonal"`` or ``"identity"``.
        seed: Of the weights; torch's generator is not touched.
        dtype: ``torch.float32`` or ``torch.float64``; None is torch's default.

    Attributes:
        w_rec, w_in, b, b_rec, h0: Parameters as in :class:`pyrnnsim.Network`; ``b_rec`` is None but for
            ``reset_after``.
    """

    w_rec: Tensor
    w_in: Tensor
    b: Tensor
    b_rec: Tensor | None
    h0: Tensor

    def __init__(
        self,
        cell: str,
        inputs: int,
        units: int,
        *,
        activation: str = "tanh",
        keep_bias: float | None = None,
        reset_after: bool = False,
        candidate: str = "activation",
        initialisation: str = "normal",
        seed: int = 0,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        self.cell = parse_cell(
            "FusedRNN", cell, activation, keep_bias=keep_bias, reset_after=reset_after, candidate=candidate
        )
        if initialisation not in INITIALISATIONS:
            raise ValueError(f"FusedRNN: initialisation must be one of {INITIALISATIONS}, got {initialisation!r}")
        height, width = (whole_number("FusedRNN", n, v, 1, 2**16) for n, v in (("units", units), ("inputs", inputs)))
        start = whole_number("FusedRNN", "seed", seed, 0, 2**63 - 1)
        wanted = torch.get_default_dtype() if dtype is None else dtype
        if wanted not in (torch.float32, torch.float64):
            raise TypeError(f"FusedRNN: dtype must be torch.float32 or torch.float64, got {wanted}")
        made = initialise(self.cell, height, width, 0, seed=start, kind=initialisation, dtype=np.float64)
        for name in (*_WEIGHTS, "h0"):
            array = made.get(name)
            value = None if array is None else nn.Parameter(torch.from_numpy(array).to(wanted))
            self.register_parameter(name, value)

    def forward(self, inputs: Tensor, initial: Tensor | None = None) -> Tensor:
        """States (B, T, S) after each step.

        Args:
            inputs: (B, T, M).
            initial: (B, S) states to start from; None starts from ``h0``.
        Raises:
            ValueError: For inputs of another shape, type or device.
        """
        if inputs.ndim != 3:
            raise ValueError(f"FusedRNN: inputs must be (B, T, M), got shape {tuple(inputs.shape)}")
        start = self.h0.expand(inputs.shape[0], -1) if initial is None else initial
        weights = [None if one is None else one[None] for one in (getattr(self, name) for name in _WEIGHTS)]
        cell = self.cell
        operation: Any = rnn_states if torch.compiler.is_compiling() else _States.apply
        states: Tensor = operation(
            inputs[None], start[None], *weights, cell.cell, cell.activation, cell.keep_bias, cell.candidate
        )
        return states[0]

    def extra_repr(self) -> str:
        """What ``print`` shows."""
        return f"{self.cell.cell}, {self.cell.activation}, inputs={self.w_in.shape[-1]}, units={self.w_in.shape[-2]}"


@torch.library.custom_op("pyrnnsim::rnn_states", mutates_args=(), schema=f"({_TAKEN}) -> Tensor")
def rnn_states(*taken: Any) -> Tensor:
    """States (K, B, T, S) of K networks from inputs (K, B, T, M) and initial states (K, B, S).

    The other four tensors are weights as those of :class:`pyrnnsim.Network` with a leading axis K; ``b_rec`` makes a
    gru reset after the product. The last four arguments are those of :class:`pyrnnsim.populations.cell.Cell`.
    """
    arrays = _arrays(*taken[:6])
    made = _core.cell_rollout(_spec(taken), _named(arrays[2:]), arrays[0], torch.get_num_threads(), arrays[1])
    return torch.from_numpy(made)


@torch.library.custom_op(
    "pyrnnsim::rnn_states_backward", mutates_args=(), schema=f"(Tensor grad, Tensor states, {_TAKEN}) -> Tensor[]"
)
def rnn_states_backward(grad: Tensor, states: Tensor, *taken: Any) -> list[Tensor]:
    """Gradients of sum(grad * states) by the six tensors of :func:`rnn_states`; that of an absent b_rec is empty."""
    arrays = _arrays(*taken[:6])
    gradient, reached = _arrays(grad, states)
    made = _core.cell_backward(
        _spec(taken), _named(arrays[2:]), arrays[0], reached, gradient, torch.get_num_threads(), arrays[1]
    )
    empty = np.zeros((len(arrays[0]), 0), gradient.dtype)
    return [torch.from_numpy(made.get(name, empty)) for name in ("inputs", "initial", *_WEIGHTS)]


@rnn_states.register_fake
def _(inputs: Tensor, initial: Tensor, *rest: Any) -> Tensor:
    del rest
    return inputs.new_empty(*inputs.shape[:3], initial.shape[-1])


@rnn_states_backward.register_fake
def _(grad: Tensor, states: Tensor, *rest: Any) -> list[Tensor]:
    del states
    return [grad.new_empty(grad.shape[0], 0) if one is None else torch.empty_like(one).contiguous() for one in rest[:6]]


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(output, *inputs[:6])
    ctx.options = inputs[6:]


class _States(torch.autograd.Function):
    """:func:`rnn_states` for ``torch.func.grad``, which takes no gradient that is registered with an operation."""

    generate_vmap_rule = True
    setup_context = staticmethod(_keep)

    @staticmethod
    def forward(*args: Any) -> Tensor:
        with torch.no_grad():  # or the operation's own gradient is asked for after all
            states: Tensor = rnn_states(*args)
        return states

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        return _differentiate(ctx, grad)


def _differentiate(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
    made = rnn_states_backward(grad.contiguous(), *ctx.saved_tensors, *ctx.options)
    gradients: list[Tensor | None] = list(made)
    if ctx.saved_tensors[6] is None:
        gradients[5] = None
    return (*gradients, None, None, None, None)


rnn_states.register_autograd(_differentiate, setup_context=_keep)


def _flat(info: Any, in_dims: Sequence[int | None], tensors: Sequence[Any]) -> list[Any]:
    """Members of a vmap become networks of one larger group."""
    flat: list[Tensor | None] = []
    for dim, one in zip(in_dims, tensors, strict=True):
        if one is None:
            flat.append(None)
            continue
        spread = one.expand(info.batch_size, *one.shape) if dim is None else one.movedim(dim, 0)
        flat.append(spread.reshape(-1, *spread.shape[2:]))
    return flat


def _unflat(info: Any, one: Tensor) -> Tensor:
    networks = one.shape[0] // info.batch_size
    return one.reshape(info.batch_size, networks, *one.shape[1:])


@rnn_states.register_vmap
def _(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> tuple[Tensor, int]:
    states: Tensor = rnn_states(*_flat(info, in_dims[:6], args[:6]), *args[6:])
    return _unflat(info, states), 0


@rnn_states_backward.register_vmap
def _(info: Any, in_dims: tuple[int | None, ...], *args: Any) -> tuple[list[Tensor], list[int]]:
    made = rnn_states_backward(*_flat(info, in_dims[:8], args[:8]), *args[8:])
    return [_unflat(info, one) for one in made], [0] * len(made)


def _spec(taken: Sequence[Any]) -> dict[str, object]:
    cell, activation, keep_bias, candidate = taken[6:]
    return Cell(cell, activation, keep_bias, taken[5] is not None, candidate).record()


def _arrays(*tensors: Tensor | None) -> list[NDArray[Any]]:
    """The tensors as contiguous arrays, without copies where possible; an absent one is left out."""
    first = next(one for one in tensors if one is not None)
    arrays = []
    for one in tensors:
        if one is None:
            continue
        if one.device.type != "cpu":
            raise ValueError(f"FusedRNN: tensors must be on the CPU, got one on {one.device}; use .cpu()")
        if one.dtype != first.dtype or one.dtype not in (torch.float32, torch.float64):
            raise ValueError(
                f"FusedRNN: inputs and weights must be all float32 or all float64, got {first.dtype} and {one.dtype}"
            )
        arrays.append(one.detach().contiguous().numpy())
    return arrays


def _named(arrays: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
    return dict(zip(_WEIGHTS, arrays, strict=False))
