from populations import stand_in

from pyrnnsim import _core

for _name in ("cell_rollout", "cell_train"):
    if not hasattr(_core, _name):
        setattr(_core, _name, getattr(stand_in, _name))
