"""What a kind of cell is: its gates, its state, its options, and the defaults where the paper is silent."""

from __future__ import annotations

import difflib
import math
from dataclasses import asdict, dataclass

#: Gates of each cell in the order of the leading axis of its weights.
GATES = {"vanilla": ("h",), "ugrnn": ("c", "g"), "gru": ("c", "g", "r"), "lstm": ("c", "i", "f", "o")}
ACTIVATIONS = ("tanh", "relu")
CANDIDATES = ("activation", "sigmoid")
#: Parameters of a network in the order in which everything goes through them.
PARAMETERS = ("w_rec", "w_in", "b", "b_rec", "w_out", "b_out", "h0")
_KEEP_BIAS = {"vanilla": 0.0, "ugrnn": 0.0, "gru": 0.0, "lstm": 1.0}
_OTHER_NAMES = {"rnn": "vanilla", "elman": "vanilla", "simplernn": "vanilla", "update_gate": "ugrnn"}


@dataclass(frozen=True)
class Cell:
    """An update rule h' = F(h, x) without its weights.

    Source: Maheswaranathan et al. 2019, Appendix A. Where it is silent or ambiguous the options decide.

    Attributes:
        cell: ``"vanilla"``, ``"ugrnn"``, ``"gru"`` or ``"lstm"``.
        activation: ``"tanh"`` or ``"relu"``, on everything but the gates, which are sigmoid.
        keep_bias: Constant added to the gate that keeps the old state (g; f of the lstm). It is not trained.
        reset_after: Of a gru: the reset gate acts after the recurrent product, as in ``torch.nn.GRU``, and there is a
            second bias ``b_rec``; False is the paper's order.
        candidate: Of an lstm: the candidate passes through ``"activation"`` or, as printed in the paper, ``"sigmoid"``.
    """

    cell: str
    activation: str
    keep_bias: float = 0.0
    reset_after: bool = False
    candidate: str = "activation"

    @property
    def gates(self) -> tuple[str, ...]:
        """Names of the G gates, in the order of the weights' gate axis."""
        return GATES[self.cell]

    @property
    def is_gated(self) -> bool:
        """Whether a gate decides how much of the old state is kept."""
        return self.cell != "vanilla"

    def state_size(self, units: int) -> int:
        """S: N, and 2N for an lstm, whose state is [c; h]."""
        return 2 * units if self.cell == "lstm" else units

    def shapes(self, units: int, inputs: int, outputs: int) -> dict[str, tuple[int, ...]]:
        """Shape of every parameter of one network with N ``units``, M ``inputs`` and O ``outputs``."""
        gates, state = len(self.gates), self.state_size(units)
        shapes: dict[str, tuple[int, ...]] = {
            "w_rec": (gates, units, units),
            "w_in": (gates, units, inputs),
            "b": (gates, units),
        }
        if self.reset_after:
            shapes["b_rec"] = (gates, units)
        return shapes | {"w_out": (outputs, state), "b_out": (outputs,), "h0": (state,)}

    def record(self) -> dict[str, object]:
        """The fields by name: what files keep and what the native code is told."""
        return asdict(self)


def parse_cell(
    caller: str,
    cell: object,
    activation: object,
    *,
    keep_bias: object = None,
    reset_after: object = False,
    candidate: object = "activation",
) -> Cell:
    """Check the description of a cell and fill in what depends on its kind.

    Args:
        caller: Name of the public function, for the errors.
        cell: See :class:`Cell`.
        activation: See :class:`Cell`.
        keep_bias: See :class:`Cell`; None is 1 for an lstm and 0 otherwise, as in the paper's released code.
        reset_after: See :class:`Cell`.
        candidate: See :class:`Cell`.
    Raises:
        ValueError, TypeError: For an unknown name, or an option that this cell does not have.
    """
    kind = parse_cell_name(caller, cell)
    unit = parse_choice(caller, "activation", activation, ACTIVATIONS)
    form = parse_choice(caller, "candidate", candidate, CANDIDATES)
    if not isinstance(reset_after, bool):
        raise TypeError(f"{caller}: reset_after must be True or False, got {reset_after!r}")
    if reset_after and kind != "gru":
        raise ValueError(f"{caller}: reset_after is an option of the gru, got it for {kind!r}; leave it out")
    if form != "activation" and kind != "lstm":
        raise ValueError(f"{caller}: candidate is an option of the lstm, got {form!r} for {kind!r}; leave it out")
    bias = _KEEP_BIAS[kind] if keep_bias is None else _finite(caller, "keep_bias", keep_bias)
    if bias != 0.0 and kind == "vanilla":
        raise ValueError(f"{caller}: a vanilla cell has no gate, got keep_bias={bias:g}; leave it out")
    return Cell(kind, unit, bias, reset_after, form)


def parse_cell_name(caller: str, value: object) -> str:
    """The name of a cell, or an error that says which one may have been meant."""
    if isinstance(value, str) and value in GATES:
        return value
    known = ", ".join(map(repr, GATES))
    if not isinstance(value, str):
        raise TypeError(f"{caller}: cell must be one of {known}, got {value!r}")
    plain = value.lower().replace("-", "_")
    near = _OTHER_NAMES.get(plain) or next(iter(difflib.get_close_matches(plain, GATES, n=1)), None)
    raise ValueError(
        f"{caller}: unknown cell {value!r}; " + (f"did you mean {near!r}?" if near else f"expected one of {known}")
    )


def parse_choice(caller: str, name: str, value: object, allowed: tuple[str, ...]) -> str:
    """``value`` if it is one of the allowed words."""
    if isinstance(value, str) and value in allowed:
        return value
    kind = ValueError if isinstance(value, str) else TypeError
    raise kind(f"{caller}: {name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")


def _finite(caller: str, name: str, value: object) -> float:
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise TypeError(f"{caller}: {name} must be a number, got {value!r}")
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(f"{caller}: {name} must be finite, got {number}")
    return number
